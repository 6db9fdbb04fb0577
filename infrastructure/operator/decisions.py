"""anslag decisions: the list out, the list in, the second person's approval."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Annotated, Any

import typer

from infrastructure.operator import cells, failures, output, round_views
from infrastructure.operator.arguments import Digest, RoundId
from infrastructure.operator.desk import Desk
from shared.problems import problem

commands = typer.Typer(help="Decisions: take the list out, hand it in, approve it.", no_args_is_help=True)

_STANDARD_OUTPUT = "-"


@commands.command("out")
def take_out(
    context: typer.Context,
    round_id: RoundId,
    file: Annotated[
        str | None,
        typer.Argument(metavar="[FILE]", help="Where to. Without: ROUND-decisions.csv here. - prints it."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
) -> None:
    """Take out the list to fill in: a CSV file that opens in Excel, a row for each application."""
    desk = Desk.of(context)
    target = file or f"{round_id}-decisions.csv"
    if target == _STANDARD_OUTPUT and desk.as_json:
        raise desk.refuse("Ange en fil: --json och - går inte ihop.", "Name a file: --json and - do not go together.")
    if target != _STANDARD_OUTPUT and Path(target).exists() and not force:
        raise desk.refuse(
            f"{target} finns redan. Ange en annan fil, eller --force för att skriva över den.",
            f"{target} is there already. Name another file, or --force to write over it.",
        )
    content = desk.get_bytes("staff", "rounds", round_id, "decisions")
    if target == _STANDARD_OUTPUT:
        typer.echo(content, nl=False)
        return
    _write(desk, Path(target), content, over=force)
    rows = _rows(content)
    introduction = output.prose(
        desk.say(
            f"{target}: {rows} ansökningar. Fyll i decision (bifall eller avslag), amount (hela kronor) och "
            "motivation, spara som CSV UTF-8, och lämna in:",
            f"{target}: {rows} applications. Fill in decision (award or decline), amount (whole kronor) and "
            "motivation, save as CSV UTF-8, and hand it in:",
        )
    )
    line = f"anslag decisions in {round_id} {target}"
    desk.show({"file": target, "applications": rows}, lambda: [output.command(introduction, line)])


@commands.command("in")
def hand_in(
    context: typer.Context,
    round_id: RoundId,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The list, filled in.", exists=True, dir_okay=False)],
) -> None:
    """Hand in the list. It is taken whole, or not at all with every mistake told by its row."""
    desk = Desk.of(context)
    content = _read(desk, file)
    entered = desk.put("staff", "rounds", round_id, "decisions", content=content, media_type="text/csv; charset=utf-8")
    desk.show(
        entered,
        lambda: [
            output.prose(round_views.result(entered, desk.language)),
            output.command(round_views.to_approve(desk.language), round_views.approval(round_id, entered["digest"])),
        ],
    )


@commands.command()
def approve(context: typer.Context, round_id: RoundId, digest: Digest) -> None:
    """Approve decisions that a colleague handed in. The digest stands in anslag rounds show ROUND."""
    desk = Desk.of(context)
    approved = desk.post("staff", "rounds", round_id, "decisions", "approval", body={"digest": digest})
    done = desk.say(
        "Besluten är godkända. Läs nu det som ska ut:", "The decisions are approved. Now read what goes out:"
    )
    desk.show(approved, lambda: [output.command(done, f"anslag announcement preview {round_id}")])


def _rows(content: bytes) -> int:
    """How many rows there are below the heading; a motivation may have several lines."""
    return sum(1 for _ in csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";")) - 1


def _write(desk: Desk, path: Path, content: bytes, *, over: bool) -> None:
    try:
        with path.open("wb" if over else "xb") as file:
            file.write(content)
    except OSError as error:
        raise _unusable(desk, path, error) from error


def _read(desk: Desk, path: Path) -> bytes:
    """The file. One that is not UTF-8 is refused here: on its way it would lose its å, ä and ö unseen."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _unusable(desk, path, error) from error
    try:
        content.decode()
    except UnicodeDecodeError:
        raise desk.end(failures.refused(problem("csv-unreadable"))) from None
    return content


def _unusable(desk: Desk, path: Path, error: OSError) -> Any:
    name, reason = cells.plain(str(path)), error.strerror or str(error)
    return desk.refuse(f"{name} går inte att använda: {reason}.", f"{name} cannot be used: {reason}.")
