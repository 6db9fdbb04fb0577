"""What every receipt states: of the application, its round, its arrival and its files."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from shared.applicants import Applicant
from shared.applications import Facts, Refusal, Version
from shared.instants import iso
from shared.letters import bullets, one_line, paragraph
from shared.programme import Programme
from shared.references import spaced
from shared.rounds import Round
from shared.submissions import Submission
from shared.wording import counted, day, either, kronor, moment, number


def subject(reference: str, programme: Programme, language: str, sv: str, en: str) -> str:
    name = programme.name.in_language(language)
    return either(
        language, f"Ansökan {spaced(reference)} {sv}: {name}", f"Application {spaced(reference)} {en}: {name}"
    )


def round_facts(reference: str, call: Round, programme: Programme, language: str) -> Iterator[tuple[str, str]]:
    name, funder = programme.name.in_language(language), programme.funder.in_language(language)
    yield either(language, "Beteckning", "Reference"), spaced(reference)
    yield either(language, "Program", "Programme"), f"{name} ({funder})"
    yield either(language, "Ansökningsomgång", "Round"), one_line(call.name[either(language, "sv", "en")])


def project_facts(facts: Facts, programme: Programme, language: str) -> Iterator[tuple[str, str]]:
    kinds = {kind.id: kind.name for kind in programme.types}
    yield either(language, "Sökande", "Applicant"), _named(facts.applicant, programme, language)
    yield either(language, "Projekt", "Project"), one_line(facts.title)
    yield either(language, "Ansökningstyp", "Type of application"), kinds[facts.type].in_language(language)


def application_facts(
    reference: str, facts: Facts, call: Round, programme: Programme, language: str
) -> Iterator[tuple[str, str]]:
    """What is applied for, in which round, by whom, and how much."""
    yield from round_facts(reference, call, programme, language)
    yield from project_facts(facts, programme, language)
    yield either(language, "Sökt belopp", "Requested amount"), kronor(facts.requested, language)


def _named(applicant: Applicant, programme: Programme, language: str) -> str:
    kind = either(language, programme.kind(applicant.kind).name.sv[0], programme.kind(applicant.kind).name.en[0])
    code = either(language, f"kod {applicant.code}", f"code {applicant.code}")
    known_by = applicant.organisation_number or code
    return f"{one_line(applicant.name)} ({kind}, {known_by})"


def arrival_facts(
    arrived: Version | Refusal | Submission, programme: Programme, language: str
) -> Iterator[tuple[str, str]]:
    label = either(language, "Inkom", "Arrived")
    yield label, moment(arrived.arrived_at, programme.zone, language, seconds=True)
    yield f"{label} (UTC)", iso(arrived.arrived_at)


def files_received(version: Version, programme: Programme, language: str) -> str:
    kinds = {kind.id: kind.name for kind in programme.attachments}
    document = either(language, "Ansökan", "The application")
    blocks = [f"{document}\n  application.json, {_size(version.size, language)}\n{_checksum(version.sha256)}"]
    for file in version.facts.attachments:
        name = bullets([[f"{one_line(file['name'])}, {_size(file['size'], language)}"]], mark="  ")
        blocks.append(f"{kinds[file['kind']].in_language(language)}\n{name}\n{_checksum(file['sha256'])}")
    heading = either(language, "Inkomna handlingar", "Documents received")
    explanation = paragraph(
        either(
            language,
            "SHA-256 är filens kontrollsumma: räknar ni fram samma summa ur er egen fil är det just den filen"
            " som har kommit in.",
            "SHA-256 is the file's checksum: if your own file gives the same sum, it is exactly that file that"
            " was received.",
        )
    )
    return "\n\n".join([f"{heading} ({number(len(blocks))})", *blocks, explanation])


def _size(size: int, language: str) -> str:
    return counted(size, ("byte", either(language, "byte", "bytes")))


def _checksum(sha256: str) -> str:
    return f"  SHA-256: {sha256}"


def decision_expected(call: Round, programme: Programme, language: str) -> str:
    """When the decision can be expected, as the programme promises."""
    days = counted(programme.decision_within_days, either(language, "dag dagar", "day days").split())
    if call.closes_at is None:
        return either(
            language,
            f"Beslut väntas inom {days} från det att omgången har stängt.",
            f"A decision is expected within {days} of the closing of the round.",
        )
    # Days are counted on the calendar of the zone, where the night when the clocks change is a day like others.
    latest = call.closes_at.astimezone(programme.zone) + timedelta(days=programme.decision_within_days)
    latest_day = day(latest, programme.zone, language)
    return either(
        language,
        f"Beslut väntas inom {days} från sista ansökningsdag, det vill säga senast den {latest_day}.",
        f"A decision is expected within {days} of the deadline, that is by {latest_day}.",
    )


def questions(reference: str, programme: Programme, language: str) -> str:
    return paragraph(
        either(
            language,
            f"Frågor besvaras på {programme.contact}. Ange beteckningen {spaced(reference)}.",
            f"Questions? Write to {programme.contact} and give the reference {spaced(reference)}.",
        )
    )
