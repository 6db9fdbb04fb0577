"""make demo: the round of December 2019, on an embedded cloud that is gone afterwards."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from rich.console import Console
from rich.panel import Panel
from rich.rule import Rule

from infrastructure.build import BuildError, build_artefacts, this_machine
from infrastructure.cloud.deployment import DeploymentError, deploy
from infrastructure.cloud.running import HOME, ROOT, Cloud, CloudError, running_cloud
from infrastructure.demo import PARAMETERS
from infrastructure.demo.applicant import RefusedError
from infrastructure.demo.cast import load
from infrastructure.demo.play import Stage, UnexpectedError
from infrastructure.demo.staff import CommandFailedError, hire, verify_sender
from shared import keys

console = Console(highlight=False, soft_wrap=True)


def main() -> int:
    """Play, show what people read, and return the exit code."""
    begun = time.monotonic()
    try:
        with running_cloud() as cloud:
            stage = _set(cloud, begun)
            _act("The round opens", stage.open)
            _act("Sixteen apply", stage.apply)
            _act("The deadline passes", stage.close)
            _act("Decisions", stage.decide)
            _act("The announcement", stage.announce)
            _act("Receipts and certificate", stage.verify)
            _act("Checking that everything ended where it should", stage.check)
            _show(stage)
            page = stage.keep_pages(HOME / "results")
    except (BuildError, CloudError, CommandFailedError, DeploymentError, RefusedError, UnexpectedError) as failure:
        console.print(f"[red]{failure}[/]")
        return 1
    except KeyboardInterrupt:
        return 130
    console.print(f"\nDone in {time.monotonic() - begun:.0f} seconds. Nothing is left running.")
    console.print(f"The result page is kept, for a browser: {page.as_uri()}")
    console.print("Try it yourself: make up   (make down stops it)")
    return 0


def _set(cloud: Cloud, begun: float) -> Stage:
    with console.status("Building the functions and their layer …"):
        artefacts = build_artefacts(HOME / "artefacts", this_machine())
    _told(f"The embedded cloud runs on {cloud.endpoint}, with IAM enforced", begun)
    with console.status("Deploying template.yaml …"):
        outputs = deploy(cloud, ROOT / "template.yaml", PARAMETERS, artefacts)
    _told("template.yaml is deployed through CloudFormation", begun)
    verify_sender(cloud, PARAMETERS["ReceiptSender"])
    anna, bertil = hire(cloud, outputs, ["anna", "bertil"])
    pages, bucket = outputs["PagesUrl"], outputs["PagesBucketName"]
    return Stage(cloud, outputs["ApiUrl"], pages, bucket, anna, bertil, load(), lambda line: _told(line, begun))


def _act(title: str, act: Callable[[], None]) -> None:
    console.print(Rule(title, align="left"))
    with console.status(f"{title} …"):
        act()


def _told(line: str, begun: float) -> None:
    console.print(f"[dim]{time.monotonic() - begun:5.1f} s[/]  {line}")


def _show(stage: Stage) -> None:
    granted = next(one for one in stage.told(keys.DECISION_LETTERS) if "beviljas" in one.subject)
    closing, announcement = stage.letters("staff")[-1], stage.letters("award")[-1]
    console.print()
    shown = (
        (closing, "What staff read when the round has closed"),
        (announcement, "What goes out"),
        (granted, "What an applicant reads then"),
    )
    for letter, what in shown:
        text = f"To: {', '.join(letter.to) or 'subscribers'}\nSubject: {letter.subject}\n\n{letter.body}"
        console.print(Panel(text, title=what, title_align="left", width=82))
    console.print("Invented here: the split of the total, titles, answers, and all partners but three.")


if __name__ == "__main__":
    sys.exit(main())
