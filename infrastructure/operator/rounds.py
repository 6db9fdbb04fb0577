"""anslag rounds: create, watch, extend and close rounds."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from infrastructure.operator import output, round_views
from infrastructure.operator.arguments import Reason, RoundId
from infrastructure.operator.desk import Desk

commands = typer.Typer(help="Rounds: create, watch, extend and close them.", no_args_is_help=True)

_WHEN = (
    "A date (2019-10-15), a time (2019-10-15T12:00), both in the programme's time zone, or a time with its own "
    "zone (2019-10-15T12:00+02:00)."
)


@commands.command("list")
def list_rounds(context: typer.Context) -> None:
    """Every round, and how far it has come."""
    desk = Desk.of(context)
    answer = desk.get("staff", "rounds")
    desk.show(answer, lambda: [round_views.listed(answer["rounds"], desk.language)])


@commands.command()
def show(context: typer.Context, round_id: RoundId) -> None:
    """One round: times, totals, the certificate of closing, decisions."""
    desk = Desk.of(context)
    answer = desk.get("staff", "rounds", round_id)
    desk.show(answer, lambda: round_views.whole(answer, desk.language, desk.width))


@commands.command()
def create(
    context: typer.Context,
    round_id: Annotated[
        str, typer.Argument(metavar="ID", help="A short name: small letters, digits, hyphens. Example: 2019-autumn")
    ],
    *,
    name_sv: Annotated[str, typer.Option(help="The round's name in Swedish.")],
    name_en: Annotated[str, typer.Option(help="The round's name in English.")],
    programme: Annotated[str, typer.Option(help="Whose rules hold. Example: municipal-partnership-2019")],
    opens: Annotated[str, typer.Option(help=f"When it opens. {_WHEN} A date means its first second.")],
    closes: Annotated[
        str | None,
        typer.Option(help="When it closes, written likewise. A date means 23:59:59. Without: no end."),
    ] = None,
    budget: Annotated[int | None, typer.Option(help="The most that may be awarded, in whole kronor.")] = None,
    grace_seconds: Annotated[
        int | None,
        typer.Option(help="How long uploads begun before the end may take. Without: as the programme says."),
    ] = None,
) -> None:
    """Create a round. It opens and closes by itself."""
    desk = Desk.of(context)
    body: dict[str, Any] = {
        "id": round_id,
        "name": {"sv": name_sv, "en": name_en},
        "programme": programme,
        "opens": opens,
        "closes": closes,
        "budget": budget,
        "grace_seconds": grace_seconds,
    }
    created = desk.post("staff", "rounds", body=body)
    _show_changed(desk, created, desk.say("Omgången är skapad.", "The round is created."))


@commands.command()
def extend(
    context: typer.Context,
    round_id: RoundId,
    closes: Annotated[str, typer.Option(help=f"The new, later end. {_WHEN} A date means 23:59:59.")],
    reason: Reason,
) -> None:
    """Let a round close later."""
    desk = Desk.of(context)
    extended = desk.post("staff", "rounds", round_id, "extension", body={"closes": closes, "reason": reason})
    _show_changed(desk, extended, desk.say("Tiden är förlängd.", "The round is extended."))


@commands.command()
def close(context: typer.Context, round_id: RoundId, reason: Reason) -> None:
    """Close a round now, before its time. Uploads on their way may still finish."""
    desk = Desk.of(context)
    closed = desk.post("staff", "rounds", round_id, "closing", body={"reason": reason})
    _show_changed(desk, closed, desk.say("Ansökningstiden är slut.", "The time for applications is over."))


@commands.command("let-in")
def let_in(
    context: typer.Context,
    round_id: RoundId,
    *,
    until: Annotated[str, typer.Option(help=f"Until when. {_WHEN} A date means 23:59:59.")],
    reason: Reason,
    application: Annotated[
        str | None,
        typer.Option(
            metavar="REFERENCE", help="Somebody who has started an application, and a link to it. Without: a new link."
        ),
    ] = None,
) -> None:
    """Let one applicant in after the deadline. The round stays closed for everybody else."""
    desk = Desk.of(context)
    body = {"until": until, "reason": reason, "application": application}
    answer = desk.post("staff", "rounds", round_id, "exceptions", body=body)
    desk.show(answer, lambda: round_views.let_in(answer, desk.language))


@commands.command()
def advance(context: typer.Context) -> None:
    """Let the scheduled job look at all rounds now, instead of within the minute."""
    desk = Desk.of(context)
    answer = desk.post("staff", "advance", body={})
    started = desk.say(
        "Det schemalagda jobbet är startat. Se efter om några sekunder:",
        "The scheduled job is started. Look in a few seconds:",
    )
    desk.show(answer, lambda: [output.command(started, "anslag rounds list")])


@commands.command()
def events(context: typer.Context, round_id: RoundId) -> None:
    """What happened to a round, when, and by whom."""
    desk = Desk.of(context)
    answer = desk.get("staff", "rounds", round_id, "events")
    desk.show(answer, lambda: [round_views.events(answer["events"], desk.round(round_id)["time_zone"], desk.language)])


def _show_changed(desk: Desk, call: dict[str, Any], done: str) -> None:
    desk.show(call, lambda: [output.heading(done), round_views.facts(call, desk.language, desk.width)])
