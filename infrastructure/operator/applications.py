"""anslag applications: who applied, and how each application stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.console import RenderableType

from infrastructure.operator import cells, failures, output, round_views
from infrastructure.operator.arguments import RoundId
from infrastructure.operator.desk import Desk
from infrastructure.operator.names import Names
from shared.applications import ApplicationState
from shared.problems import Problem, problem
from shared.references import read_reference, spaced
from shared.register import county_name
from shared.wording import counted, either, kronor, month, swedish_order

commands = typer.Typer(help="Applications: who applied, and how each one stands.", no_args_is_help=True)

Json = Mapping[str, Any]
Reference = Annotated[str, typer.Argument(metavar="REFERENCE", help="As the applicant tells it: 7K3M-9QXR-C")]
_NOUNS = {"sv": ("ansökan", "ansökningar"), "en": ("application", "applications")}


class State(StrEnum):
    """The states to choose from, as the service names them."""

    DRAFT = ApplicationState.DRAFT
    SUBMITTED = ApplicationState.SUBMITTED
    REFUSED = ApplicationState.REFUSED
    WITHDRAWN = ApplicationState.WITHDRAWN


@commands.command("list")
def list_applications(
    context: typer.Context,
    round_id: RoundId,
    state: Annotated[State | None, typer.Option(help="Only those that stand so.")] = None,
) -> None:
    """The round's applications, by applicant. Drafts that were never sent come last."""
    desk = Desk.of(context)
    answer = desk.get("staff", "rounds", round_id, "applications")
    chosen = [one for one in answer["applications"] if state is None or one["state"] == state.value]
    desk.show({"applications": chosen}, lambda: _listed(chosen, desk.round(round_id)["time_zone"], desk.language))


@commands.command()
def show(
    context: typer.Context,
    round_id: RoundId,
    reference: Reference,
) -> None:
    """One application: who, what, how much, which files, and what was wrong with it, if anything was."""
    desk = Desk.of(context)
    answer = desk.get("staff", "rounds", round_id, "applications", _known(desk, reference))
    desk.show(answer, lambda: _whole(answer, desk.round(round_id), desk.language, desk.width))


@commands.command()
def withdraw(
    context: typer.Context,
    round_id: RoundId,
    reference: Reference,
    reason: Annotated[str, typer.Option(help="Who asked for it, and how. It is kept in the round's events.")],
) -> None:
    """Register a withdrawal that came by letter or telephone. It can be done until the round is decided."""
    desk = Desk.of(context)
    path = ("staff", "rounds", round_id, "applications", _known(desk, reference), "withdrawal")
    answer = desk.post(*path, body={"reason": reason})
    done = desk.say("Återkallelsen är antecknad.", "The withdrawal is registered.")
    desk.show(answer, lambda: [output.heading(f"{answer['reference']}: {done}"), *_again(desk, answer)])


@commands.command("ask-completion")
def ask_completion(
    context: typer.Context,
    round_id: RoundId,
    reference: Reference,
    *,
    until: Annotated[str, typer.Option(help="Until when: a date (means 23:59:59) or a time, as for rounds let-in.")],
    what: Annotated[str, typer.Option(help="What is missing, in words for the applicant, who reads them.")],
) -> None:
    """Ask one applicant by e-mail to complete what they submitted, although the round is closed."""
    desk = Desk.of(context)
    path = ("staff", "rounds", round_id, "applications", _known(desk, reference), "completion")
    answer = desk.post(*path, body={"until": until, "what": what})
    when = cells.when(answer["until"], answer["time_zone"], desk.language)
    done = desk.say(f"kan kompletteras till {when}.", f"can be completed until {when}.")
    told = desk.say("Det står på den sökandes sida.", "It stands on the applicant's page.")
    letter = round_views.letter(answer, desk.language)
    desk.show(answer, lambda: [output.heading(f"{answer['reference']} {done}"), told, letter])


@commands.command("end-exception")
def end_exception(
    context: typer.Context,
    round_id: RoundId,
    reference: Reference,
    *,
    reason: Annotated[
        str, typer.Option(help="Why, in words for the applicant, who reads them. It is kept in the round's events too.")
    ],
) -> None:
    """End now what one applicant was let in for, or asked to complete. What they handed in before stands."""
    desk = Desk.of(context)
    path = ("staff", "rounds", round_id, "applications", _known(desk, reference), "exception-ending")
    answer = desk.post(*path, body={"reason": reason})
    when = cells.when(answer["until"], answer["time_zone"], desk.language)
    done = desk.say(f"har ingen extra tid längre, sedan {when}.", f"has no additional time any more, since {when}.")
    stands = desk.say(
        "Det som kom in dessförinnan gäller, och uppladdningar på väg har omgångens frist.",
        "What arrived before counts, and uploads on their way have the round's grace.",
    )
    letter = round_views.letter(answer, desk.language)
    desk.show(answer, lambda: [output.heading(f"{answer['reference']} {done}"), stands, letter])


def _again(desk: Desk, answer: Json) -> Iterator[RenderableType]:
    if answer["decisions_outdated"]:
        yield desk.say(
            "Beslut är redan inlämnade. Ta ut listan igen, lämna in den på nytt och låt en kollega godkänna den.",
            "Decisions are in already. Take the list out again, hand it in anew, and let a colleague approve it.",
        )


def _known(desk: Desk, reference: str) -> str:
    known = read_reference(reference)
    if known is None:
        raise desk.end(failures.refused(problem("unknown-reference", given=reference)))
    return spaced(known)


def _listed(applications: Sequence[Json], zone: str, language: str) -> Iterator[RenderableType]:
    if not applications:
        yield either(language, "Inga ansökningar.", "No applications.")
        return
    table = output.table()
    output.add_fixed(table, either(language, "Beteckning", "Reference"))
    output.add_flowing(
        table, either(language, "Läge", "State"), either(language, "Sökande och projekt", "Applicant and project")
    )
    output.add_fixed(table, either(language, "Sökt (kr)", "Requested\n(SEK)"), right=True)
    output.add_fixed(table, either(language, "Kom in", "Arrived") + f"\n({cells.whose_time(zone, language)})")
    for one in sorted(applications, key=_by_applicant):
        name = cells.plain(one["applicant"])
        table.add_row(
            one["reference"],
            cells.word(cells.STATES, one["state"], language),
            name if one["title"] is None else f"{name}\n{cells.plain(one['title'])}",
            cells.amount(one["requested"]),
            cells.stamp(one["arrived_at"], zone).replace(" ", "\n"),
        )
    yield table
    requested = sum(one["requested"] or 0 for one in applications if one["state"] == State.SUBMITTED)
    yield counted(len(applications), _NOUNS[either(language, "sv", "en")]) + either(
        language,
        f"; {kronor(requested, language)} sökt i inskickade.",
        f"; {kronor(requested, language)} requested by those submitted.",
    )


def _by_applicant(one: Json) -> tuple[bool, tuple[str, str, str], str]:
    return one["applicant"] is None, swedish_order(one["applicant"] or ""), one["reference"]


def _whole(found: Json, call: Json, language: str, width: int) -> Iterator[RenderableType]:
    zone, names = call["time_zone"], Names.of(call["programme"], language)
    labels = {
        "started_at": either(language, "Påbörjad", "Started"),
        "withdrawn_at": either(language, "Återkallad", "Withdrawn"),
        "turned_away_at": either(language, "Försökte för sent", "Tried too late"),
    }
    stands = [
        (either(language, "Beteckning", "Reference"), found["reference"]),
        (either(language, "Läge", "State"), cells.word(cells.STATES, found["state"], language)),
        *((labels[name], cells.when(found[name], zone, language)) for name in labels if name in found),
    ]
    yield cells.labelled(stands, width)
    if "current" in found:
        version = cells.labelled(_version(found["current"], zone, names), width)
        yield output.heading(either(language, "Gällande version", "Current version"), version)
    if "refused" in found:
        refused = _refused(found["refused"], zone, language)
        yield output.heading(either(language, "Senast inte godtagna", "Latest that was not accepted"), refused)


def _version(current: Json, zone: str, names: Names) -> list[tuple[str, str]]:
    language, facts = names.language, current["facts"]
    partners = [f"{cells.plain(one['name'])} ({names.country(one['country'])})" for one in facts["partners"]]
    return [
        (either(language, "Version", "Version"), str(current["number"])),
        (either(language, "Kom in", "Arrived"), cells.when(current["arrived_at"], zone, language)),
        (either(language, "Sökande", "Applicant"), _applicant(facts["applicant"])),
        (either(language, "Kontakt", "Contact"), ", ".join(cells.plain(one) for one in facts["contact"].values())),
        (either(language, "Projekt", "Project"), cells.plain(facts["title"])),
        (either(language, "Typ", "Type"), names.type(facts["type"])),
        (either(language, "Kärnområden", "Core areas"), ", ".join(map(names.core_area, facts["core_areas"]))),
        (either(language, "Partner", "Partners"), ", ".join(partners)),
        (either(language, "Börjar", "Starts"), month(facts["starts"], language)),
        (either(language, "År", "Years"), str(facts["years"])),
        (either(language, "Sökt", "Requested"), kronor(facts["requested"], language)),
        *(
            (names.attachment(one["kind"]), f"{cells.plain(one['name'])}, {cells.size(one['size'])}")
            for one in facts["attachments"]
        ),
    ]


def _applicant(applicant: Json) -> str:
    """Example: Piteå (2581, Norrbottens län)"""
    known_by = applicant.get("code") or applicant.get("organisation_number")
    county = county_name(applicant["county"]) if applicant.get("county") else None
    return f"{cells.plain(applicant['name'])} ({', '.join(part for part in (known_by, county) if part)})"


def _refused(refused: Json, zone: str, language: str) -> str:
    outcome = either(language, "Kom för sent", "Too late") if refused["outcome"] == "late" else ""
    problems = [cells.told(Problem.from_json(one), language) for one in refused["problems"]]
    return "\n".join([cells.when(refused["arrived_at"], zone, language), *([outcome] if outcome else []), *problems])
