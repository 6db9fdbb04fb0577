"""How rounds, their totals, certificates and events are shown."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from rich.console import RenderableType
from rich.table import Table

from infrastructure.operator import cells, output
from infrastructure.operator.names import Names
from shared.wording import counted, either, kronor, swedish_order

Json = Mapping[str, Any]
_DETAILS = {
    "reason": ("skäl", "reason"),
    "closes_at": ("stänger", "closes"),
    "publish_at": ("går ut", "goes out"),
    "until": ("till", "until"),
    "was_until": ("tiden var till", "was until"),
    "application": ("ansökan", "application"),
    "objects": ("uppladdningar", "uploads"),
    "turned_away": ("nekade", "turned away"),
    "repaired": ("rättade summor", "repaired totals"),
    "sum": ("summa", "sum"),
    "number": ("nummer", "number"),
    "digest": ("kontrollvärde", "digest"),
    "root": ("rothash", "root hash"),
}
_UNSHOWN = {"at", "who", "what", "revision", "withdrawn_at", "message_id"}
"""What has a column of its own, or is there for verification alone."""
_DETAIL_WIDTH = 22
"""Details are broken here, because Rich would break an amount at its no-break spaces."""


def listed(rounds: Sequence[Json], language: str) -> RenderableType:
    """A table of rounds. Each row names the time zone of its times."""
    if not rounds:
        none = either(language, "Inga omgångar än. Så skapas en:", "No rounds yet. How to create one:")
        return output.command(none, "anslag rounds create --help")
    table = output.table()
    output.add_flowing(table, either(language, "Omgång", "Round"), either(language, "Läge", "State"))
    output.add_fixed(table, either(language, "Öppnar och stänger", "Opens and closes"))
    output.add_fixed(table, either(language, "Budget (kr)", "Budget (SEK)"), right=True)
    for call in rounds:
        table.add_row(
            f"{call['id']}\n{cells.plain(call['name'][language])}",
            cells.word(cells.PHASES, call["phase"], language),
            _span(call, language),
            cells.amount(call["budget"]),
        )
    return table


def _span(call: Json, language: str) -> str:
    zone = call["time_zone"]
    end = cells.stamp(call["closes_at"], zone) if call["closes_at"] else either(language, "utan slut", "no end")
    return f"{cells.stamp(call['opens_at'], zone)}\n{end}\n{cells.whose_time(zone, language)}"


def facts(call: Json, language: str, width: int) -> str:
    """A round in labels and values."""
    zone = call["time_zone"]
    closes = either(language, "utan slut", "no end")
    if call["closes_at"]:
        closes = cells.when(call["closes_at"], zone, language)
    grace = cells.duration(call["grace_seconds"], language)
    grace += either(language, " för uppladdningar på väg", " for uploads on their way")
    budget = call["budget"]
    return cells.labelled(
        [
            (either(language, "Omgång", "Round"), call["id"]),
            (either(language, "Namn", "Name"), cells.plain(call["name"][language])),
            (either(language, "Program", "Programme"), call["programme"]),
            (either(language, "Läge", "State"), cells.word(cells.PHASES, call["phase"], language)),
            (either(language, "Öppnar", "Opens"), cells.when(call["opens_at"], zone, language)),
            (either(language, "Stänger", "Closes"), closes),
            (either(language, "Frist", "Grace"), grace),
            (either(language, "Budget", "Budget"), cells.NOTHING if budget is None else kronor(budget, language)),
        ],
        width,
    )


def let_in(answer: Json, language: str) -> Iterator[RenderableType]:
    """Who was let in until when, and what to give them."""
    until = cells.when(answer["until"], answer["time_zone"], language)
    yield output.heading(
        either(
            language,
            f"{answer['reference']} är insläppt till {until}.",
            f"{answer['reference']} is let in until {until}.",
        )
    )
    if "link" not in answer:
        yield either(
            language,
            "Den sökande skickar in med sin privata länk som vanligt.",
            "The applicant submits with their private link as usual.",
        )
        yield letter(answer, language)
        return
    told = either(
        language,
        "Ge den sökande länken, och ingen annan. Den visas bara nu.",
        "Give the applicant this link, and nobody else. It is shown only now.",
    )
    yield output.command(told, answer["link"])
    yield letter(answer, language)


_LETTERS = {
    "owed": (
        "Ett brev om det går till den sökande inom ett par minuter.",
        "A letter about it goes out in a minute or two.",
    ),
    "sent-before": (
        "Den sökande har fått ett brev om just det, eller får det strax, och får inget till.",
        "The applicant has had a letter about just that, or gets it soon, and gets no other.",
    ),
    "no-address": (
        "Ingen fick något brev: ansökan har ingen e-postadress. Hör själv av dig till den sökande.",
        "Nobody was written to: the application has no e-mail address. Tell the applicant yourself.",
    ),
    "no-sender": (
        "Ingen fick något brev: den här installationen skickar inga. Hör själv av dig till den sökande.",
        "Nobody was written to: this installation sends no letters. Tell the applicant yourself.",
    ),
}


def letter(answer: Json, language: str) -> str:
    """Whether an applicant is told by e-mail what was just done for them."""
    return cells.word(_LETTERS, answer["letter"], language)


def whole(answer: Json, language: str, width: int) -> Iterator[RenderableType]:
    """A round with its totals, certificate and decisions, part by part."""
    call, totals = answer["round"], answer["totals"]
    yield facts(call, language, width)
    yield output.heading(either(language, "Ansökningar", "Applications"), numbers(totals, language, width))
    yield from breakdowns(totals["by"], Names.of(call["programme"], language))
    yield output.heading(
        either(language, "Intyg om stängningen", "Certificate of closing"),
        certified(answer["certificate"], call["time_zone"], language),
    )
    yield output.heading(either(language, "Beslut", "Decisions"), decided(answer["decisions"], call, language))
    if answer.get("correction"):
        introduction = either(language, "En rättelse är på väg:", "A correction is under way:")
        yield output.command(introduction, f"anslag corrections show {call['id']}")


def numbers(totals: Json, language: str, width: int) -> str:
    """What the round counts, in labels and values."""
    states = {state: totals["applications"].get(state, 0) for state in cells.STATES_OF_MANY} | totals["applications"]
    awarded = totals["awarded"]
    return cells.labelled(
        [
            (either(language, "Läge", "State"), cells.tally(states, cells.STATES_OF_MANY, language)),
            (either(language, "Sökande", "Applicants"), cells.amount(totals["applicants"])),
            (either(language, "Sökt", "Requested"), kronor(totals["requested"], language)),
            (
                either(language, "Beviljat", "Awarded"),
                cells.NOTHING if awarded is None else kronor(awarded, language),
            ),
            (either(language, "Uppladdningar", "Uploads"), cells.tally(totals["outcomes"], cells.OUTCOMES, language)),
            (either(language, "Kom för sent", "Turned away"), cells.amount(totals["turned_away"])),
        ],
        width,
    )


def breakdowns(by: Json, names: Names) -> Iterator[Table]:
    """A table for each breakdown that has anything in it, in Swedish order."""
    language = names.language
    tables: list[tuple[str, str, Callable[[str], str]]] = [
        ("core_area", either(language, "Kärnområde", "Core area"), names.core_area),
        ("country", either(language, "Land", "Country"), names.country),
        ("applicant_kind", either(language, "Sökande", "Applicants"), names.applicants),
        ("county", either(language, "Län", "County"), names.county),
    ]
    columns = either(language, "Ansökningar", "Applications"), either(language, "Sökt (kr)", "Requested (SEK)")
    for breakdown, title, name in tables:
        rows = [
            (name(group), cells.amount(found["applications"]), cells.amount(found["requested"]))
            for group, found in by.get(breakdown, {}).items()
        ]
        if rows:
            yield output.counts((title, *columns), sorted(rows, key=lambda row: swedish_order(row[0])))


def certified(certificate: Json | None, zone: str, language: str) -> str:
    """The certificate in words."""
    if certificate is None:
        return either(language, "Inget än: omgången är inte stängd.", "None yet: the round is not closed.")
    outcomes = cells.tally(certificate["outcomes"], cells.OUTCOMES, language)
    seen, missing = cells.amount(certificate["objects"]), certificate["missing"]
    at = cells.when(certificate["certified_at"], zone, language)
    told = output.prose(
        either(language, f"{seen} uppladdningar kom fram: {outcomes}.", f"{seen} uploads arrived: {outcomes}."),
        either(language, "Ingen saknar utfall.", "None is without an outcome.")
        if missing == 0
        else either(language, f"{missing} saknar utfall!", f"{missing} have no outcome!"),
        either(language, f"Intygat {at}.", f"Certified {at}."),
    )
    return f"{told}\n{either(language, 'Rothash', 'Root hash')}: {certificate['root']}"


def decided(decisions: Json | None, call: Json, language: str) -> str:
    """Where deciding stands, and what it waits for."""
    if decisions is None:
        return either(language, "Inga än.", "None yet.")
    zone = call["time_zone"]
    entered = output.prose(
        result(decisions, language),
        either(
            language,
            f"Inlämnade av {cells.person(decisions['entered_by'], language)}",
            f"Handed in by {cells.person(decisions['entered_by'], language)}",
        )
        + f" {cells.when(decisions['entered_at'], zone, language)}.",
    )
    if "approved_by" in decisions:
        approver, at = (
            cells.person(decisions["approved_by"], language),
            cells.when(decisions["approved_at"], zone, language),
        )
        approved = either(language, f"Godkända av {approver} {at}.", f"Approved by {approver} {at}.")
        return f"{entered}\n{output.prose(approved)}"
    if taken := decisions.get("taken_back"):
        who, at = cells.person(taken["by"], language), cells.when(taken["at"], zone, language)
        back = either(
            language,
            f"Godkännandet togs tillbaka av {who} {at}: {cells.plain(taken['reason'])}",
            f"The approval was taken back by {who} {at}: {cells.plain(taken['reason'])}",
        )
        again = either(language, "Ta ut listan och lämna in den på nytt:", "Take the list out and hand it in anew:")
        return output.command(f"{entered}\n{output.prose(back)}\n{again}", f"anslag decisions out {call['id']}")
    return output.command(f"{entered}\n{to_approve(language)}", approval(call["id"], decisions["digest"]))


def result(decisions: Json, language: str) -> str:
    """What the decisions come to. Example: 11 awards, 3 declined. SEK 10 641 000 of a budget of SEK 11 000 000."""
    awards = counted(decisions["awards"], either(language, "bifall bifall", "award awards").split())
    declined = f"{cells.amount(decisions['declined'])} {either(language, 'avslag', 'declined')}"
    total = kronor(decisions["sum"], language)
    if decisions["budget"] is None:
        return f"{awards}, {declined}. {total}."
    budget = kronor(decisions["budget"], language)
    left = kronor(decisions["budget"] - decisions["sum"], language)
    return f"{awards}, {declined}. " + either(
        language,
        f"{total} av budgeten {budget}; {left} kvar.",
        f"{total} of a budget of {budget}; {left} left.",
    )


def to_approve(language: str) -> str:
    """What the second person is asked for."""
    return either(
        language,
        "Be en kollega läsa det som skulle gå ut, och godkänna det:",
        "Ask a colleague to read what would go out, and to approve it:",
    )


def approval(round_id: str, digest: str, of: str = "decisions") -> str:
    """The commands for the second person, a line each."""
    return f"anslag announcement preview {round_id}\n  {approving(round_id, digest, of)}"


def approving(round_id: str, digest: str, of: str) -> str:
    """The command for whoever has read what would go out. `of` is decisions or corrections."""
    return f"anslag {of} approve {round_id} --digest {digest}"


def correction(round_id: str, file: str) -> str:
    """The command that hands in the list of an announced round, with a reason in each language."""
    return f"anslag corrections in {round_id} {file} --reason-sv … --reason-en …"


def events(found: Sequence[Json], zone: str, language: str) -> Table:
    """The audit trail."""
    table = output.table()
    output.add_fixed(
        table,
        either(language, "När", "When") + f"\n({cells.whose_time(zone, language)})",
    )
    output.add_flowing(table, either(language, "Vem", "Who"), either(language, "Vad", "What"))
    output.add_fixed(table, either(language, "Mer", "More"))
    for event in found:
        table.add_row(
            cells.stamp(event["at"], zone),
            cells.person(event["who"], language),
            cells.word(cells.EVENTS, event["what"], language),
            "\n".join(_details(event, zone, language)),
        )
    return table


def _details(event: Json, zone: str, language: str) -> Iterator[str]:
    for name, value in event.items():
        if name in _UNSHOWN or value in (None, []):
            continue
        label = cells.word(_DETAILS, name, language)
        detail = f"{label}: {_detail(name, value, zone, language)}"
        yield textwrap.fill(detail, _DETAIL_WIDTH, break_on_hyphens=False)


def _detail(name: str, value: Any, zone: str, language: str) -> str:
    match name:
        case "closes_at" | "publish_at" | "until" | "was_until":
            return cells.stamp(value, zone)
        case "sum":
            return kronor(value, language)
        case "digest" | "root":
            return f"{value[:12]}…"
        case _:
            return cells.plain(", ".join(value) if isinstance(value, list) else str(value))
