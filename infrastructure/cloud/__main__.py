"""Commands for the embedded cloud: python -m infrastructure.cloud up | down | status | mail | env."""

import contextlib
import importlib
import importlib.util
import shlex
import time
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.rule import Rule

from infrastructure.build import BuildError, build_artefacts, this_machine
from infrastructure.cloud.deployment import DeploymentError, deploy, outputs_of
from infrastructure.cloud.mailbox import mailbox
from infrastructure.cloud.running import HOME, ROOT, Cloud, CloudError, running, start, stop
from infrastructure.pages import PagesError, publish
from shared.results import addresses

ENVIRONMENT = HOME / "env"
DEMO = "infrastructure.demo"

commands = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
console = Console(highlight=False, markup=False, soft_wrap=True)


@commands.command()
def up(
    keep: Annotated[bool, typer.Option("--keep", help="Let its state survive `down`.")] = False,
    port: Annotated[int | None, typer.Option(help="Any free one otherwise.")] = None,
) -> None:
    """Start the embedded cloud, deploy the stack, open a round, and leave it running."""
    with _plain_failures():
        with _step("Starting the embedded cloud"):
            cloud = start(port=port, keep=keep)
        try:
            outputs, staff = _furnish(cloud)
        except BaseException:
            stop()
            raise
    _write_environment(cloud, staff)
    console.print(f"\nThe applicants' pages:   {outputs['PagesUrl']}/")
    if _announced(cloud, outputs):
        console.print(f"Results of rounds:       {outputs['PagesUrl']}/{addresses.results('sv')}")
    console.print(f"The embedded cloud runs on {cloud.endpoint} (process {cloud.process}).")
    for name, value in outputs.items():
        console.print(f"  {name:<24} {value}")
    console.print(f"  {'log':<24} {cloud.log}")
    console.print("\nRead what it sends:      make mail")
    console.print(f"Work as staff:           set -a; . {ENVIRONMENT.relative_to(ROOT)}; .venv/bin/anslag --help")
    console.print(f"Stop it:                 make down{'    (its state is kept for make up KEEP=1)' if keep else ''}")


@commands.command()
def down() -> None:
    """Stop the embedded cloud."""
    with _plain_failures():
        cloud = running()
        if cloud is None:
            console.print("The embedded cloud is not running.")
            return
        with _step("Stopping the embedded cloud"):
            stop()
        ENVIRONMENT.unlink(missing_ok=True)
        if cloud.kept:
            console.print("Its state is kept; go on with it: make up KEEP=1")


@commands.command()
def status() -> None:
    """Say whether the embedded cloud is running, and where."""
    cloud = _running()
    console.print(
        f"The embedded cloud runs on {cloud.endpoint}: process {cloud.process}, "
        f"started by {cloud.started_by} at {cloud.started_at}{', its state is kept' if cloud.kept else ''}."
    )


@commands.command()
def mail() -> None:
    """Print what the embedded cloud sent, oldest first."""
    cloud = _running()
    with _plain_failures():
        sent = mailbox(cloud)
    for one in sent:
        console.print(Rule(f"{one.at.astimezone():%Y-%m-%d %H:%M:%S}  {one.topic or 'SES'}", align="left"))
        console.print(f"To: {', '.join(one.to) or '(no e-mail subscriber)'}\nSubject: {one.subject}\n\n{one.body}\n")
    console.print(f"{len(sent)} messages so far.")


@commands.command("publish")
def publish_pages() -> None:
    """Publish the pages of web/ again, after a change."""
    cloud = _running()
    with _plain_failures():
        outputs = outputs_of(cloud)
        publish(cloud.client("s3"), cloud.client("cloudfront"), outputs)
    console.print(f"{outputs['PagesUrl']}/")


@commands.command()
def env() -> None:
    """Print the settings that point `anslag` and other AWS tools at the embedded cloud."""
    _running()
    console.print(ENVIRONMENT.read_text(), end="")


def _running() -> Cloud:
    cloud = running()
    if cloud is None:
        console.print("The embedded cloud is not running. Start it: make up")
        raise typer.Exit(1)
    return cloud


def _furnish(cloud: Cloud) -> tuple[dict[str, str], Mapping[str, str]]:
    """Deploys the stack and opens a round in it. Returns the stack's outputs and the settings of its staff."""
    demo: Any = importlib.import_module(DEMO) if importlib.util.find_spec(DEMO) else None
    with _step("Building the functions and their layer"):
        artefacts = build_artefacts(HOME / "artefacts", this_machine())
    with _step("Deploying the stack"):
        outputs = deploy(cloud, ROOT / "template.yaml", getattr(demo, "PARAMETERS", {}), artefacts)
    with _step("Publishing the pages"):
        publish(cloud.client("s3"), cloud.client("cloudfront"), outputs)
    if not hasattr(demo, "open_round"):
        return outputs, {}
    with _step("Opening a round"):
        return outputs, demo.open_round(cloud, outputs) or {}


def _announced(cloud: Cloud, outputs: Mapping[str, str]) -> bool:
    """Whether results are there to read, from before the last `down`."""
    found = cloud.client("s3").list_objects_v2(Bucket=outputs["PagesBucketName"], Prefix=addresses.results("sv"))
    return bool(found.get("Contents"))


def _write_environment(cloud: Cloud, staff: Mapping[str, str]) -> None:
    settings = {
        "AWS_ENDPOINT_URL": cloud.endpoint,
        "AWS_REGION": cloud.region,
        "AWS_DEFAULT_REGION": cloud.region,
        **staff,
    }
    ENVIRONMENT.unlink(missing_ok=True)
    ENVIRONMENT.touch(mode=0o600)
    ENVIRONMENT.write_text("".join(f"{name}={shlex.quote(value)}\n" for name, value in settings.items()))


@contextlib.contextmanager
def _step(what: str) -> Iterator[None]:
    begun = time.monotonic()
    with console.status(f"{what} …"):
        yield
    console.print(f"{what}: {time.monotonic() - begun:.1f} s")


@contextlib.contextmanager
def _plain_failures() -> Iterator[None]:
    try:
        yield
    except (BuildError, CloudError, DeploymentError, PagesError) as failure:
        console.print(str(failure), style="red")
        raise typer.Exit(1) from None


if __name__ == "__main__":
    commands()
