"""anslag corrections: what was announced and is wrong, as it should have been, and a second person's approval."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import RenderableType

from infrastructure.operator import cells, list_files, output, round_views
from infrastructure.operator.arguments import Digest, RoundId
from infrastructure.operator.desk import Desk
from infrastructure.operator.workbook.unpacking import is_workbook
from shared.problems import Problem
from shared.results import prose

commands = typer.Typer(
    help="Correct what was announced: hand in the list as it should have been, approve it.", no_args_is_help=True
)

Json = Mapping[str, Any]
_PATH = "staff", "rounds"


@commands.command("in")
def hand_in(
    context: typer.Context,
    round_id: RoundId,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="The decision list as it should have been, whole.", exists=True, dir_okay=False
        ),
    ],
    reason_sv: Annotated[str, typer.Option(help="What was wrong, in Swedish. Everybody will read it.")],
    reason_en: Annotated[str, typer.Option(help="The same in English.")],
) -> None:
    """Hand in a correction of an announced round: anslag decisions out ROUND, change what is wrong, and this."""
    desk = Desk.of(context)
    content, body = list_files.read(desk, file), dict[str, Any](reason={"sv": reason_sv, "en": reason_en})
    placed: Callable[[Problem], Problem]
    if is_workbook(content):
        found = list_files.read_rows(desk, content)
        body["decisions"], placed = found.handed_in, found.placed
    else:
        list_files.require_utf_8(desk, content)
        body["csv"], placed = content.decode(), lambda found: found
    sent = json.dumps(body, ensure_ascii=False).encode()
    entered = desk.put(*_PATH, round_id, "correction", content=sent, media_type="application/json", placed=placed)
    desk.show(entered, lambda: _correction(desk, round_id, entered))


@commands.command()
def show(context: typer.Context, round_id: RoundId) -> None:
    """The correction that is under way: why, what it changes, and what it waits for."""
    desk = Desk.of(context)
    found = desk.get(*_PATH, round_id, "correction")
    desk.show(found, lambda: _correction(desk, round_id, found))


@commands.command()
def approve(context: typer.Context, round_id: RoundId, digest: Digest) -> None:
    """Approve a correction that a colleague handed in. The digest stands in anslag corrections show ROUND."""
    desk = Desk.of(context)
    approved = desk.post(*_PATH, round_id, "decisions", "approval", body={"digest": digest})
    done = desk.say(
        "Rättelsen är godkänd. Läs nu det som ska ut:", "The correction is approved. Now read what goes out:"
    )
    desk.show(approved, lambda: [output.command(done, f"anslag announcement preview {round_id}")])


def _correction(desk: Desk, round_id: str, found: Json) -> Iterator[RenderableType]:
    number, language = found["number"], desk.language
    yield output.heading(
        desk.say(
            f"Rättelse: tillkännagivande {number}, som ersätter {number - 1}",
            f"Correction: announcement {number}, which replaces {number - 1}",
        ),
        output.prose(desk.say("Skäl:", "Reason:"), cells.plain(found["reason"][language])),
    )
    yield "\n".join(
        f"{change['reference']}  {cells.plain(change['applicant'])}, {cells.plain(change['title'])}\n"
        f"  {prose.corrected(change['before'], change['after'], language)}"
        for change in found["changes"]
    )
    yield output.prose(round_views.result(found, language))
    if "approved_by" in found:
        introduction = desk.say("Godkänd. Läs det som ska ut:", "Approved. Read what goes out:")
        yield output.command(introduction, f"anslag announcement preview {round_id}")
    else:
        introduction = desk.say(
            "Be en kollega läsa rättelsen, och godkänna den:",
            "Ask a colleague to read the correction, and to approve it:",
        )
        yield output.command(introduction, round_views.approval(round_id, found["digest"], "corrections"))
