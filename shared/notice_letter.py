"""The letter to whoever has begun an application and not sent it: how long there is, and how to get back to it.

The private link is not in it: only its hash is stored, so that nobody who reads the table can open an application.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from shared.applications import Application, ApplicationState
from shared.letters import Letter, labelled, letter, paragraph, section
from shared.notices import Notice, NoticeKind
from shared.programme import Programme
from shared.receipt_facts import questions, round_facts, subject
from shared.rounds import Round
from shared.wording import either, moment, time_left

_LEAST = timedelta(minutes=1)


def notice_letter(notice: Notice, application: Application, call: Round, programme: Programme, now: datetime) -> Letter:
    """What a notice says to the holder of a draft, or of an application that was not accepted."""
    language = application.told_in
    closes = moment(notice.closes_at, programme.zone, language)
    left = time_left(max(notice.closes_at - now, _LEAST), language)
    return letter(
        _subject(notice, application, programme, language),
        either(language, f"Ansökningstiden går ut om {left}", f"The deadline is in {left}")
        if notice.kind is not NoticeKind.EXTENSION
        else either(language, "Ansökningstiden är förlängd", "The deadline has been extended"),
        paragraph(
            _standing(application, language),
            _ends(notice, closes, language),
            either(
                language,
                "Det som inte är inskickat då kan inte prövas.",
                "What has not been submitted by then cannot be considered.",
            ),
        ),
        _way_back(programme, language),
        labelled(round_facts(application.id, call, programme, language)),
        paragraph(
            either(
                language,
                "Ska ansökan inte skickas in, eller har du inget med den att göra, behöver du inte göra något.",
                "If the application is not to be submitted, or is no concern of yours, there is nothing to do.",
            )
        ),
        questions(application.id, programme, language),
    )


def _way_back(programme: Programme, language: str) -> str:
    return section(
        either(language, "Så kommer du tillbaka", "How to get back"),
        paragraph(
            either(
                language,
                "Öppna den privata länk som du fick när du påbörjade ansökan. Den kan finnas i webbläsarens"
                " historik, i ett brev om du bad oss skicka den, eller hos någon som du arbetar med.",
                "Open the private link that you got when you started the application. It may be in your browser's"
                " history, in a letter if you asked us to send it, or with somebody you work with.",
            ),
            either(
                language,
                f"Vi har den inte och kan inte skicka den på nytt. Hittar ingen den, påbörja en ny ansökan eller"
                f" skriv till {programme.contact}.",
                f"We do not have it and cannot send it again. If nobody finds it, start a new application or"
                f" write to {programme.contact}.",
            ),
        ),
    )


def _subject(notice: Notice, application: Application, programme: Programme, language: str) -> str:
    if notice.kind is NoticeKind.EXTENSION:
        return subject(application.id, programme, language, "har fått mer tid", "has more time")
    return subject(application.id, programme, language, "är inte inskickad än", "has not been submitted yet")


def _standing(application: Application, language: str) -> str:
    if application.state is ApplicationState.REFUSED:
        return either(
            language,
            "Det ni skickade kunde inte tas emot som det var, och ingen rättad version har kommit in än.",
            "What you sent could not be accepted as it was, and no corrected version has arrived yet.",
        )
    return either(
        language,
        "Ansökan är påbörjad, och det som är skrivet är sparat, men den är inte inskickad.",
        "The application has been started, and what was written is saved, but it has not been submitted.",
    )


def _ends(notice: Notice, closes: str, language: str) -> str:
    if notice.kind is NoticeKind.EXTENSION:
        return either(language, f"Ansökningstiden går nu ut den {closes}.", f"The deadline is now {closes}.")
    return either(language, f"Ansökningstiden går ut den {closes}.", f"The deadline is {closes}.")
