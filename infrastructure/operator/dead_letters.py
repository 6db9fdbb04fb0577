"""anslag dead-letters: what could not be handled, and another try at it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.console import RenderableType

from infrastructure.operator import cells, output
from infrastructure.operator.desk import Desk
from shared.wording import counted, either

commands = typer.Typer(help="Dead letters: what could not be handled, and another try at it.", no_args_is_help=True)

Json = Mapping[str, Any]
_QUEUES = {"FailedUploads": ("uppladdning", "upload"), "FailedJobs": ("jobb", "job")}
_NOUNS = {"sv": ("brev", "brev"), "en": ("letter", "letters")}


@commands.command("list")
def list_letters(context: typer.Context) -> None:
    """What failed on every try, how long ago, and why. Nothing of it is lost."""
    desk = Desk.of(context)
    answer = desk.get("staff", "dead-letters")
    desk.show(answer, lambda: _listed(answer["dead_letters"], desk.language, more=answer.get("more", False)))


@commands.command()
def redrive(
    context: typer.Context,
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID ...]", help="Which, as in the list.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
) -> None:
    """Try again. An upload counts as it would have; trying twice changes nothing."""
    desk = Desk.of(context)
    if bool(ids) == every:
        raise desk.refuse("Ange antingen ett eller flera id, eller --all.", "Give either one or more ids, or --all.")
    answer = desk.post("staff", "dead-letters", "redrive", body={"ids": ids or None})
    done = counted(answer["redriven"], _NOUNS[desk.language])
    desk.show(answer, lambda: _redriven(desk, done, more=every and answer.get("more", False)))


def _redriven(desk: Desk, done: str, *, more: bool) -> Iterator[RenderableType]:
    yield desk.say(f"{done} skickas om.", f"{done} sent again.")
    if more:
        yield output.command(
            desk.say("Det kan finnas fler. Kör igen:", "There may be more. Run it again:"),
            "anslag dead-letters redrive --all",
        )


def _listed(letters: Sequence[Json], language: str, *, more: bool) -> Iterator[RenderableType]:
    if not letters:
        yield either(language, "Inga: allt har hanterats.", "None: everything was handled.")
        return
    table = output.table()
    output.add_fixed(table, "Id")
    output.add_flowing(
        table,
        either(language, "Vad", "What"),
        either(language, "Ålder", "Age"),
        either(language, "Varför", "Why"),
    )
    for one in sorted(letters, key=lambda one: -one["age_seconds"]):
        table.add_row(
            cells.plain(one["id"]),
            _queue(one["queue"], language),
            cells.age(one["age_seconds"], language),
            cells.plain(one["reason"]),
        )
    yield table
    if more:
        yield either(
            language,
            "Det finns fler än dessa. Lista igen när de har körts om.",
            "There are more. List again after these.",
        )
    yield output.command(
        either(language, "Försök igen med alla:", "Try all again:"), "anslag dead-letters redrive --all"
    )


def _queue(name: str, language: str) -> str:
    known = next((part for part in _QUEUES if part in name), name)
    return cells.word(_QUEUES, known, language)
