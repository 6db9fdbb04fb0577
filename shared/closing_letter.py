"""What applicants are told when their round has closed: that their application is in it, or that it is not."""

from __future__ import annotations

from collections.abc import Iterator

from shared.applications import Application, ApplicationState, Outcome, Version
from shared.letters import Letter, labelled, letter, paragraph, section
from shared.programme import Programme
from shared.receipt_facts import application_facts, arrival_facts, decision_expected, questions, round_facts, subject
from shared.references import spaced
from shared.rounds import Round
from shared.wording import counted, either, moment


def closing_address(application: Application) -> str | None:
    """Whom to tell of the closing. None for a draft, for a withdrawn application, for one that came too late (its
    receipt has said so), and where nobody can be reached."""
    version, refusal = application.current, application.refused
    if application.state is ApplicationState.SUBMITTED and version is not None:
        return str(version.facts.contact["email"])
    if application.state is not ApplicationState.REFUSED or refusal is None or not refusal.contact:
        return None
    return None if refusal.outcome is Outcome.LATE else str(refusal.contact["email"])


def closing_letter(application: Application, call: Round, programme: Programme) -> tuple[str, Letter] | None:
    """To whom, and what; None where nobody is told."""
    to, version, language = closing_address(application), application.current, application.told_in
    if to is None:
        return None
    if application.state is ApplicationState.SUBMITTED and version is not None:
        return to, _included(application, version, call, programme, language)
    return to, _left_out(application, call, programme, language)


def _included(application: Application, version: Version, call: Round, programme: Programme, language: str) -> Letter:
    return letter(
        subject(application.id, programme, language, "är med i omgången", "is part of the round"),
        either(language, "Omgången har stängt, och ansökan är med", "The round has closed, with the application in it"),
        paragraph(
            either(
                language,
                "Ansökningsomgången har stängt, och allt som kom in är genomgånget. Er ansökan är med och ska"
                " prövas, så som den står här. Ni behöver inte göra något.",
                "The round has closed, and everything that arrived has been gone through. Your application is part"
                " of it and will be considered as it stands here. There is nothing you need to do.",
            )
        ),
        labelled(_facts(application.id, version, call, programme, language)),
        section(
            either(language, "Vad som händer nu", "What happens next"),
            paragraph(
                decision_expected(call, programme, language),
                either(
                    language,
                    "Beslutet skickas hit när resultatet offentliggörs.",
                    "The decision is sent here when the result is announced.",
                ),
            ),
        ),
        questions(application.id, programme, language),
    )


def _facts(
    reference: str, version: Version, call: Round, programme: Programme, language: str
) -> Iterator[tuple[str, str]]:
    yield from application_facts(reference, version.facts, call, programme, language)
    yield "Version", str(version.number)
    yield from arrival_facts(version, programme, language)
    yield either(language, "Handlingar", "Documents"), _documents(len(version.facts.attachments), language)


def _documents(attachments: int, language: str) -> str:
    if not attachments:
        return either(language, "ansökan", "the application")
    files = counted(attachments, either(language, "bilaga bilagor", "attachment attachments").split())
    return either(language, f"ansökan och {files}", f"the application and {files}")


def _left_out(application: Application, call: Round, programme: Programme, language: str) -> Letter:
    return letter(
        subject(application.id, programme, language, "är inte med i omgången", "is not part of the round"),
        either(
            language,
            "Omgången har stängt, och ansökan är inte med",
            "The round has closed, without the application",
        ),
        paragraph(
            either(
                language,
                "Det ni skickade kunde inte tas emot som det var, och vi berättade då vad som behövde rättas. Ingen"
                " rättad version har kommit in.",
                "What you sent could not be accepted as it was, and we told you then what needed correcting. No"
                " corrected version has arrived.",
            ),
            _closed(call, programme, language),
        ),
        paragraph(
            either(
                language,
                f"Anser ni att det är fel, eller hindrades ni av något hos oss? Skriv så snart ni kan till"
                f" {programme.contact} och ange beteckningen {spaced(application.id)}.",
                f"Do you believe that this is wrong, or did something on our side stop you? Write as soon as you can to"
                f" {programme.contact} and give the reference {spaced(application.id)}.",
            )
        ),
        labelled(round_facts(application.id, call, programme, language)),
    )


def _closed(call: Round, programme: Programme, language: str) -> str:
    if call.closes_at is None:
        return either(
            language,
            "Omgången har nu stängt, och ansökan kommer därför inte att prövas.",
            "The round has now closed, so the application will not be considered.",
        )
    closes = moment(call.closes_at, programme.zone, language)
    return either(
        language,
        f"Ansökningstiden gick ut den {closes}, och ansökan kommer därför inte att prövas.",
        f"The deadline was {closes}, so the application will not be considered.",
    )
