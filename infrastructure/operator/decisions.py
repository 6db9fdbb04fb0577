"""anslag decisions: the list out, the list in, the second person's approval."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import RenderableType

from infrastructure.operator import list_files, output, round_views
from infrastructure.operator.arguments import Digest, Reason, RoundId
from infrastructure.operator.desk import Desk
from infrastructure.operator.workbook.unpacking import is_workbook
from shared.rounds import RoundState

commands = typer.Typer(help="Decisions: take the list out, hand it in, approve it.", no_args_is_help=True)

_STANDARD_OUTPUT = "-"


@commands.command("out")
def take_out(
    context: typer.Context,
    round_id: RoundId,
    file: Annotated[
        str | None,
        typer.Argument(metavar="[FILE]", help="Where to. Without: ROUND-decisions.xlsx here. - prints CSV."),
    ] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="As CSV. So is a FILE that ends in .csv.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
) -> None:
    """Take out the list to fill in: an Excel workbook, a row for each application, with totals that follow."""
    desk = Desk.of(context)
    target = file or f"{round_id}-decisions{'.csv' if as_csv else '.xlsx'}"
    as_csv = as_csv or target == _STANDARD_OUTPUT or target.lower().endswith(".csv")
    if target == _STANDARD_OUTPUT and desk.as_json:
        raise desk.refuse("Ange en fil: --json och - går inte ihop.", "Name a file: --json and - do not go together.")
    if target != _STANDARD_OUTPUT and Path(target).exists() and not force:
        raise desk.refuse(
            f"{target} finns redan. Ange en annan fil, eller --force för att skriva över den.",
            f"{target} is there already. Name another file, or --force to write over it.",
        )
    content, rows = _csv(desk, round_id) if as_csv else _workbook(desk, round_id)
    if target == _STANDARD_OUTPUT:
        typer.echo(content, nl=False)
        return
    # Asked before the file is there: a command that fails leaves none.
    following = [] if desk.as_json else [_next(desk, round_id, target, rows, as_csv=as_csv)]
    _write(desk, Path(target), content, over=force)
    desk.show({"file": target, "applications": rows}, lambda: following)


def _next(desk: Desk, round_id: str, target: str, rows: int, *, as_csv: bool) -> RenderableType:
    """What was taken out, and what to do with it: that depends on how far the round has come."""
    state = desk.round(round_id)["state"]
    if state == RoundState.DECIDED:
        read = desk.say(
            f"{target}: {rows} ansökningar, med besluten som är godkända. Listan är bara att läsa, så länge ingen tar "
            "tillbaka godkännandet (anslag decisions take-back).",
            f"{target}: {rows} applications, with the decisions that are approved. The list is for reading only, "
            "unless somebody takes the approval back (anslag decisions take-back).",
        )
        return output.prose(read)
    if state == RoundState.ANNOUNCED:
        change = desk.say(
            f"{target}: {rows} ansökningar, med besluten som de är. För att rätta det som är offentliggjort, ändra det "
            "som är fel, spara, och lämna in listan med skälet:",
            f"{target}: {rows} applications, with the decisions as they are. To correct what was announced, change "
            "what is wrong, save, and hand the list in with the reason:",
        )
        return output.command(output.prose(change), round_views.correction(round_id, target))
    introduction = output.prose(_introduction(desk, target, rows, as_csv=as_csv))
    return output.command(introduction, f"anslag decisions in {round_id} {target}")


def _introduction(desk: Desk, target: str, rows: int, *, as_csv: bool) -> str:
    if as_csv:
        return desk.say(
            f"{target}: {rows} ansökningar. Fyll i decision (bifall eller avslag), amount (hela kronor) och "
            "motivation, spara som CSV UTF-8, och lämna in:",
            f"{target}: {rows} applications. Fill in decision (award or decline), amount (whole kronor) and "
            "motivation, save as CSV UTF-8, and hand it in:",
        )
    return desk.say(
        f"{target}: {rows} ansökningar. Fyll i beslut (bifall eller avslag), belopp och motivering, spara, och "
        "lämna in:",
        f"{target}: {rows} applications. Fill in decision (award or decline), amount and motivation, save, and "
        "hand it in:",
    )


@commands.command("in")
def hand_in(
    context: typer.Context,
    round_id: RoundId,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The list, filled in.", exists=True, dir_okay=False)],
) -> None:
    """Hand in the list, workbook or CSV. It is taken whole, or not at all with every mistake told by its place."""
    desk = Desk.of(context)
    content = list_files.read(desk, file)
    path = ("staff", "rounds", round_id, "decisions")
    if is_workbook(content):
        found = list_files.read_rows(desk, content)
        body = json.dumps(found.handed_in, ensure_ascii=False).encode()
        entered = desk.put(*path, content=body, media_type="application/json", placed=found.placed)
    else:
        list_files.require_utf_8(desk, content)
        entered = desk.put(*path, content=content, media_type="text/csv; charset=utf-8")
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


def _csv(desk: Desk, round_id: str) -> tuple[bytes, int]:
    """The list as the service writes it, and how many rows it has; a motivation may have several lines."""
    content = desk.get_bytes("staff", "rounds", round_id, "decisions")
    rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";")
    return content, sum(1 for _ in rows) - 1


def _workbook(desk: Desk, round_id: str) -> tuple[bytes, int]:
    """The list as a workbook, and how many rows it has."""
    from infrastructure.operator.workbook.writing import write_workbook  # noqa: PLC0415  no other command needs it

    listed = desk.get("staff", "rounds", round_id, "decisions")
    return write_workbook(listed, desk.language, datetime.now(UTC)), len(listed["applications"])


def _write(desk: Desk, path: Path, content: bytes, *, over: bool) -> None:
    try:
        with path.open("wb" if over else "xb") as file:
            file.write(content)
    except OSError as error:
        raise list_files.unusable(desk, path, error) from error


@commands.command("take-back")
def take_back(context: typer.Context, round_id: RoundId, reason: Reason) -> None:
    """Take the approval back, also of a correction, until something is on its way out. Then hand in another list."""
    desk = Desk.of(context)
    taken = desk.post("staff", "rounds", round_id, "decisions", "taking-back", body={"reason": reason})
    told = desk.say(
        "Godkännandet är taget tillbaka, och inget går ut. Ta ut listan, ändra det som är fel och lämna in den igen:",
        "The approval is taken back, and nothing goes out. Take the list out, change what is wrong, hand it in again:",
    )
    desk.show(taken, lambda: [output.command(told, f"anslag decisions out {round_id}")])
