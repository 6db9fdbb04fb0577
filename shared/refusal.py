"""What an applicant is told of a submission that was not accepted: what to mend, or that it came too late."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from shared.applications import Application, ApplicationState, Outcome, Refusal
from shared.letters import Letter, labelled, letter, numbered, one_line, paragraph, section
from shared.places import place
from shared.problems import Problem
from shared.programme import Programme
from shared.receipt_facts import arrival_facts, questions, round_facts, subject
from shared.references import spaced
from shared.rounds import Round, held
from shared.wording import either, moment


def refused(application: Application, call: Round, programme: Programme, language: str) -> Letter:
    """What is wrong with `application.refused`, or that it came too late. Raises ValueError without one."""
    refusal = application.refused
    if refusal is None:
        raise ValueError("nothing was refused")
    if refusal.outcome is Outcome.LATE:
        return _late(application, refusal, call, programme, language)
    call = held(call, application.access)
    return letter(
        subject(application.id, programme, language, "behöver rättas", "needs correcting"),
        either(language, "Ansökan behöver rättas", "The application needs correcting"),
        paragraph(
            either(
                language,
                "Det ni skickade har kommit fram, men det kan inte tas emot som det är. Inget har gått förlorat.",
                "What you sent has arrived, but it cannot be accepted as it is. Nothing has been lost.",
            ),
            _standing(application, refusal, programme, language),
        ),
        section(
            either(language, "Det här behöver rättas", "What needs correcting"),
            numbered(_sentence(found, language) for found in refusal.problems),
        ),
        "" if _overtaken(application, refusal) else _mend(refusal, call, programme, language),
        labelled(
            [
                *round_facts(application.id, call, programme, language),
                *arrival_facts(refusal, programme, language),
            ]
        ),
        questions(application.id, programme, language),
    )


def missed(application: Application, call: Round) -> Round | None:
    """The round with the end that was over when `application.refused` arrived: its holder's own, else everybody's.
    None where that is not known any more, because more time was given since. Raises ValueError without a refusal."""
    refusal = application.refused
    if refusal is None:
        raise ValueError("nothing was refused")
    ends = held(call, application.access), call
    return next((one for one in ends if one.closes_at is not None and one.closes_at < refusal.arrived_at), None)


def _late(application: Application, refusal: Refusal, call: Round, programme: Programme, language: str) -> Letter:
    arrived = moment(refusal.arrived_at, programme.zone, language, seconds=True)
    return letter(
        subject(application.id, programme, language, "kom in för sent", "came too late"),
        either(language, "Ansökan kom in för sent", "The application came too late"),
        paragraph(
            either(language, f"Ansökan kom in den {arrived}.", f"The application arrived on {arrived}."),
            *_deadline(missed(application, call), programme, language),
            _too_late(refusal, held(call, application.access), programme, language),
            _standing(application, refusal, programme, language),
        ),
        paragraph(
            either(
                language,
                f"Anser ni att tiden är fel, eller hindrades ni av något hos oss? Skriv till"
                f" {programme.contact} och ange beteckningen {spaced(application.id)}.",
                f"Do you believe that the time is wrong, or did something on our side stop you? Write to"
                f" {programme.contact} and give the reference {spaced(application.id)}.",
            )
        ),
        labelled(
            [
                *round_facts(application.id, call, programme, language),
                *arrival_facts(refusal, programme, language),
            ]
        ),
    )


def _too_late(refusal: Refusal, call: Round, programme: Programme, language: str) -> str:
    """For good, unless its holder was given more time since."""
    if call.closes_at is None or call.closes_at < refusal.arrived_at:
        return either(
            language,
            "Ansökan är därför för sen och kan inte tas med i omgången.",
            "The application is therefore too late and cannot be part of this round.",
        )
    until = moment(call.closes_at, programme.zone, language)
    return either(
        language,
        f"Det var för sent då. Sedan dess har ni fått mer tid, till och med den {until}.",
        f"That was too late then. You have been given more time since, until {until}.",
    )


def _deadline(call: Round | None, programme: Programme, language: str) -> Iterator[str]:
    """Of the end that was missed, where it is known."""
    if call is None or call.closes_at is None or call.last_arrival is None:
        return
    closes = moment(call.closes_at, programme.zone, language)
    yield either(language, f"Ansökningstiden gick ut den {closes}.", f"The deadline was {closes}.")
    if call.grace > timedelta(0):
        last = moment(call.last_arrival, programme.zone, language)
        yield either(
            language,
            f"Uppladdningar som hade påbörjats dessförinnan togs emot till den {last}.",
            f"Uploads that had been started before it were accepted until {last}.",
        )


def _sentence(found: Problem, language: str) -> str:
    where, what = place(found.path, language), one_line(either(language, found.sv, found.en))
    return f"{where}: {what}" if where else what


def _standing(application: Application, refusal: Refusal, programme: Programme, language: str) -> str:
    """Whether another version counts, so that nobody believes they are left with nothing."""
    if application.state is ApplicationState.WITHDRAWN:
        return either(language, "Ansökan är fortfarande återkallad.", "The application is still withdrawn.")
    current, confirmed_at = application.current, application.confirmed_at
    if current is None or confirmed_at is None:
        return ""
    if _overtaken(application, refusal):
        arrived = moment(confirmed_at, programme.zone, language, seconds=True)
        return either(
            language,
            f"En senare version, som kom in den {arrived}, är redan mottagen. Det är den som gäller, och ni"
            " behöver inte göra något.",
            f"A later version, which arrived on {arrived}, has already been accepted. It is the one that"
            " counts, and there is nothing you need to do.",
        )
    return either(
        language,
        f"Version {current.number}, som redan är mottagen, gäller fortfarande.",
        f"Version {current.number}, which has already been accepted, still counts.",
    )


def _overtaken(application: Application, refusal: Refusal) -> bool:
    return application.state is ApplicationState.SUBMITTED and application.confirmed > refusal.order


def _mend(refusal: Refusal, call: Round, programme: Programme, language: str) -> str:
    if call.closes_at is None:
        return paragraph(
            either(
                language,
                "Rätta och skicka ansökan på nytt genom samma privata länk.",
                "Correct it and send the application again through the same private link.",
            )
        )
    closes = moment(call.closes_at, programme.zone, language)
    if refusal.arrived_at > call.closes_at:
        return paragraph(
            either(
                language,
                f"Ansökningstiden gick ut den {closes}, så ansökan kan inte längre skickas på nytt. Skriv till"
                f" {programme.contact} om ni har frågor.",
                f"The deadline was {closes}, so the application can no longer be sent again. Write to"
                f" {programme.contact} if you have questions.",
            )
        )
    return paragraph(
        either(
            language,
            f"Rätta och skicka ansökan på nytt genom samma privata länk, senast den {closes}.",
            f"Correct it and send the application again through the same private link, by {closes}.",
        )
    )
