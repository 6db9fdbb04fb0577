"""Receipts: what became of a submission, for the applicant and for the applicant's registrar.

A receipt can be filed as it stands: reference, arrival in Swedish time and in UTC, and every file with its
name, size and SHA-256. The private link is never in it, because a filed receipt is a public document.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from shared.applications import STAFF, Application, Version
from shared.instants import iso
from shared.letters import Letter, labelled, letter, paragraph, section
from shared.programme import Programme
from shared.receipt_facts import (
    application_facts,
    arrival_facts,
    decision_expected,
    files_received,
    project_facts,
    questions,
    round_facts,
    subject,
)
from shared.refusal import refused
from shared.rounds import Round, held
from shared.submissions import Submission
from shared.wording import either, moment

__all__ = ["Letter", "accepted", "brief", "refused", "withdrawn"]


def accepted(application: Application, call: Round, programme: Programme, language: str) -> Letter:
    """The receipt for `application.current`. Raises ValueError where there is none."""
    version = application.current
    if version is None:
        raise ValueError("no accepted version to give a receipt for")
    return letter(
        subject(application.id, programme, language, "har kommit in", "has been received"),
        either(language, "Ansökan har kommit in", "The application has been received"),
        paragraph(
            either(
                language,
                "Ansökan är kontrollerad och mottagen. Det här är kvittot, som kan diarieföras som det är.",
                "The application has been checked and accepted. This is the receipt, which can be filed as it stands.",
            )
        ),
        labelled(_facts(application.id, version, call, programme, language)),
        files_received(version, programme, language),
        _next_steps(application, version, call, programme, language),
        questions(application.id, programme, language),
    )


def brief(submission: Submission, call: Round, programme: Programme, language: str) -> Letter:
    """The receipt for an accepted version that a newer one has replaced before it could be acknowledged.

    It goes by arrival and checksum, not by number: where two versions were handled in the wrong order, the
    number on the submission is the newer one's.
    """
    return letter(
        subject(submission.application, programme, language, "har fått en ny version", "has a new version"),
        either(language, "En tidigare version har kommit in", "An earlier version has been received"),
        paragraph(
            either(
                language,
                "Versionen nedan är mottagen, men en senare version har redan ersatt den. Det är den senare"
                " som gäller, och den har ett eget kvitto.",
                "The version below was accepted, but a later version has already replaced it. The later one"
                " is the one that counts, and it has a receipt of its own.",
            )
        ),
        labelled(
            [
                *round_facts(submission.application, call, programme, language),
                *arrival_facts(submission, programme, language),
                ("SHA-256 (application.json)", submission.sha256),
            ]
        ),
        questions(submission.application, programme, language),
    )


def withdrawn(application: Application, call: Round, programme: Programme, language: str) -> Letter:
    """The receipt for a withdrawal. Raises ValueError where nothing was withdrawn."""
    at = application.withdrawn_at
    if at is None:
        raise ValueError("nothing was withdrawn")
    told = either(language, "Återkallad", "Withdrawn")
    return letter(
        subject(application.id, programme, language, "är återkallad", "has been withdrawn"),
        either(language, "Ansökan är återkallad", "The application has been withdrawn"),
        paragraph(
            _withdrawn_by(application, language),
            _sending_again(at, held(call, application.access), programme, language),
        ),
        labelled(
            [
                *round_facts(application.id, call, programme, language),
                *(project_facts(application.current.facts, programme, language) if application.current else ()),
                (told, moment(at, programme.zone, language, seconds=True)),
                (f"{told} (UTC)", iso(at)),
            ]
        ),
        questions(application.id, programme, language),
    )


def _withdrawn_by(application: Application, language: str) -> str:
    if application.withdrawn_by == STAFF:
        return either(
            language,
            "Vi har antecknat att ansökan är återkallad, och den kommer inte att prövas. Stämmer det inte, hör av er.",
            "We have registered that the application is withdrawn, and it will not be considered. If that is not"
            " right, contact us.",
        )
    return either(
        language,
        "Ni har återkallat ansökan, och den kommer inte att prövas.",
        "You have withdrawn the application, and it will not be considered.",
    )


def _sending_again(withdrawn_at: datetime, call: Round, programme: Programme, language: str) -> str:
    if call.closes_at is None:
        return either(
            language,
            "Ångrar ni er kan ni skicka in ansökan på nytt genom er privata länk.",
            "Should you change your mind, you can send the application again through your private link.",
        )
    if withdrawn_at > call.closes_at:
        return ""
    closes = moment(call.closes_at, programme.zone, language)
    return either(
        language,
        f"Ångrar ni er kan ni skicka in ansökan på nytt genom er privata länk, fram till den {closes}.",
        f"Should you change your mind, you can send the application again through your private link, until {closes}.",
    )


def _facts(
    reference: str, version: Version, call: Round, programme: Programme, language: str
) -> Iterator[tuple[str, str]]:
    yield from application_facts(reference, version.facts, call, programme, language)
    replaces = either(
        language,
        f"{version.number}, ersätter version {version.number - 1}",
        f"{version.number}, replaces version {version.number - 1}",
    )
    yield "Version", replaces if version.number > 1 else "1"
    yield from arrival_facts(version, programme, language)


def _next_steps(application: Application, version: Version, call: Round, programme: Programme, language: str) -> str:
    """The decision is counted from the round's end, also for whoever has one of their own."""
    changing = _changing(version, held(call, application.access), programme, language)
    return section(
        either(language, "Vad som händer nu", "What happens next"),
        paragraph(changing, decision_expected(call, programme, language)),
    )


def _changing(version: Version, call: Round, programme: Programme, language: str) -> str:
    if call.closes_at is None:
        return either(
            language,
            "Omgången är öppen tills vidare. Så länge den är öppen kan ni ändra eller återkalla ansökan genom"
            " den privata länk som ni fick när ni påbörjade den. En ny version ersätter den här versionen.",
            "The round is open until further notice. While it is, you can change or withdraw the application"
            " through the private link that you got when you started. A new version replaces this one.",
        )
    closes = moment(call.closes_at, programme.zone, language)
    if version.arrived_at > call.closes_at:
        return either(
            language,
            f"Ansökningstiden gick ut den {closes}. Uppladdningen hade påbörjats dessförinnan och räknas som"
            " inkommen i tid, men ansökan kan inte längre ändras.",
            f"The deadline was {closes}. The upload had been started before it and counts as being in time,"
            " but the application can no longer be changed.",
        )
    return either(
        language,
        f"Fram till den {closes} kan ni ändra eller återkalla ansökan genom den privata länk som ni fick när ni"
        " påbörjade den. En ny version ersätter den här versionen.",
        f"Until {closes} you can change or withdraw the application through the private link that you got when"
        " you started. A new version replaces this one.",
    )
