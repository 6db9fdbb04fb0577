"""The operator's command, `anslag`: everything that staff do, from their own machine, with their own AWS login."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Mapping, Sequence
from enum import StrEnum
from importlib.metadata import version
from typing import Annotated

import typer
from rich.console import Console
from typer.main import get_command

from infrastructure.operator import (
    announcement,
    applications,
    corrections,
    dead_letters,
    decisions,
    failures,
    pages,
    rounds,
    verify,
)
from infrastructure.operator.access import Place
from infrastructure.operator.desk import Desk

_MOVABLE = {"--json": 0, "--api": 1, "--stack": 1, "--region": 1, "--profile": 1}
"""Options for all commands, with how many values each takes. People write them last; Typer wants them first."""

commands = typer.Typer(
    name="anslag",
    help="Run rounds of grant applications: open them, follow them, decide, announce.",
    epilog=(
        "Exit codes: 0 done, 1 refused (every reason is told), 2 used wrongly, 3 no contact with the service, "
        "4 not allowed in, 5 the service failed, 130 interrupted. Manual: docs/operator.md"
    ),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
commands.add_typer(rounds.commands, name="rounds")
commands.add_typer(applications.commands, name="applications")
commands.add_typer(decisions.commands, name="decisions")
commands.add_typer(announcement.commands, name="announcement")
commands.add_typer(corrections.commands, name="corrections")
commands.add_typer(dead_letters.commands, name="dead-letters")
commands.add_typer(pages.commands, name="pages")
commands.command("verify")(verify.verify)
commands.command("key")(verify.fetch_key)


class Language(StrEnum):
    """What the command speaks."""

    SV = "sv"
    EN = "en"


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"anslag {version('anslag')}")
        raise typer.Exit


@commands.callback()
def options(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs, and nothing else.")] = False,
    api: Annotated[
        str | None,
        typer.Option(envvar="ANSLAG_API", metavar="URL", help="The service's address. Without: the stack knows it."),
    ] = None,
    stack: Annotated[str, typer.Option(metavar="NAME", help="The installation's name in CloudFormation.")] = "anslag",
    region: Annotated[
        str | None,
        typer.Option(
            envvar=["AWS_REGION", "AWS_DEFAULT_REGION"], metavar="NAME", help="The AWS region. Example: eu-north-1"
        ),
    ] = None,
    profile: Annotated[str | None, typer.Option(metavar="NAME", help="Which of your AWS logins.")] = None,
    language: Annotated[
        Language | None, typer.Option(help="The language of answers. Without: your computer's, or English.")
    ] = None,
    _: Annotated[bool, typer.Option("--version", is_eager=True, callback=_version, help="Print the version.")] = False,
) -> None:
    """Make the desk that the commands work at."""
    if _is_on_the_line(context, "stack") and not _is_on_the_line(context, "api"):
        api = None  # What somebody types now counts, not what the shell has kept.
    desk = _desk(Place(api, stack, region, profile), language.value if language else None, as_json=as_json)
    made: list[Desk] = context.obj
    made.append(desk)
    context.obj = desk


def _is_on_the_line(context: typer.Context, option: str) -> bool:
    source = context.get_parameter_source(option)
    return source is not None and source.name == "COMMANDLINE"


def _desk(place: Place, language: str | None, *, as_json: bool) -> Desk:
    spoken = language or language_of(os.environ)
    return Desk(place, spoken, as_json=as_json, out=_console(stderr=False), err=_console(stderr=True))


def language_of(environ: Mapping[str, str]) -> str:
    """Swedish where the locale of messages is Swedish, English otherwise. The first that is set counts (POSIX)."""
    chosen = next((environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environ.get(name)), "")
    return "sv" if chosen.lower().startswith("sv") else "en"


def in_front(arguments: Sequence[str]) -> list[str]:
    """The arguments with the options for all commands before the command, wherever they were written."""
    # Only this command has a language of its own: that of the text to read.
    movable = _MOVABLE if "preview" in arguments else _MOVABLE | {"--language": 1}
    front: list[str] = []
    rest: list[str] = []
    waiting = list(arguments)
    while waiting:
        argument = waiting.pop(0)
        if argument == "--":
            rest += [argument, *waiting]
            break
        name, equals, _ = argument.partition("=")
        if name in movable:
            values = 0 if equals else movable[name]
            front += [argument, *waiting[:values]]
            del waiting[:values]
        else:
            rest.append(argument)
    return front + rest


def run(arguments: Sequence[str] | None = None) -> None:
    """The whole command. Always raises SystemExit, with one of the documented codes. A failure that nobody foresaw is
    told as every other, in the chosen language and to programs."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that lacks a letter gets a question mark, not a failure.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    made: list[Desk] = []
    given = in_front(sys.argv[1:] if arguments is None else arguments)
    try:
        get_command(commands).main(given, prog_name="anslag", obj=made)
    except Exception as error:
        # Nobody who runs rounds should have to read a traceback.
        if "ANSLAG_TRACEBACK" in os.environ:
            raise
        desk = made[0] if made else _desk(Place(None, "", None, None), None, as_json=False)
        raise SystemExit(desk.end(failures.failed(error)).exit_code) from None


def _console(*, stderr: bool) -> Console:
    return Console(stderr=stderr, markup=False, highlight=False, emoji=False)
