"""The letter to one applicant whose time is another than the round's: let in late, asked for a completion, or neither
any more. As in every letter but one, the private link is not in it: only its hash is stored."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from shared.applications import Application, ApplicationState
from shared.letters import Letter, labelled, letter, one_line, paragraph, section
from shared.programme import Programme
from shared.receipt_facts import questions, round_facts, subject
from shared.references import spaced
from shared.rounds import Access, Phase, Round, last_for, round_phase
from shared.wording import either, moment


def exception_letter(application: Application, call: Round, programme: Programme, now: datetime) -> Letter:
    """What `application.access` means for its holder. Raises ValueError without one."""
    access = application.access
    if access is None:
        raise ValueError("nobody was let in or asked for a completion")
    if access.ended:
        return _ended(application, access, call, programme)
    tell = _asked if access.asked else _let_in
    return tell(application, access, call, programme, now)


def _asked(application: Application, access: Access, call: Round, programme: Programme, now: datetime) -> Letter:
    language, last = application.told_in, last_for(call, access)
    until = moment(last, programme.zone, language)
    return letter(
        subject(application.id, programme, language, "behöver kompletteras", "needs completing"),
        either(language, "Vi ber er komplettera ansökan", "We ask you to complete the application"),
        paragraph(
            either(
                language,
                "Vi har gått igenom ansökan och ber er om något mer.",
                "We have gone through the application and ask you for something more.",
            ),
            either(
                language,
                f"Ni kan skicka in en ny version till och med den {until}.",
                f"You can submit a new version until {until}.",
            ),
            _is_over(last, programme, now, language),
        ),
        section(either(language, "Det här ber vi om", "What we ask for"), _said(access.asked)),
        _way_in(application, programme, language),
        section(
            either(language, "Om ni inte gör något", "If you do nothing"),
            paragraph(
                _standing(application, language),
                either(
                    language,
                    "Kommer ingen ny version, prövas ansökan som den är.",
                    "If no new version arrives, the application is considered as it stands.",
                ),
            ),
        ),
        labelled(round_facts(application.id, call, programme, language)),
        questions(application.id, programme, language),
    )


def _let_in(application: Application, access: Access, call: Round, programme: Programme, now: datetime) -> Letter:
    language, until = application.told_in, moment(access.until, programme.zone, application.told_in)
    return letter(
        subject(application.id, programme, language, "kan fortfarande skickas in", "can still be submitted"),
        either(language, "Ni har fått mer tid", "You have been given more time"),
        paragraph(
            *_for_others(call, until, programme, now, language),
            _is_over(access.until, programme, now, language),
        ),
        _way_in(application, programme, language),
        section(
            either(language, "Om ni inte gör något", "If you do nothing"),
            paragraph(_standing(application, language)),
        ),
        labelled(round_facts(application.id, call, programme, language)),
        questions(application.id, programme, language),
    )


def _for_others(call: Round, until: str, programme: Programme, now: datetime, language: str) -> Iterator[str]:
    """Until when one may send, and everybody."""
    if call.closes_at is not None and round_phase(call, now) is Phase.OPEN:
        closes = moment(call.closes_at, programme.zone, language)
        yield either(
            language,
            f"Omgången är öppen till och med den {closes}, men just den här ansökan kan skickas in till och med den"
            f" {until}.",
            f"The round is open until {closes}, but this one application can be submitted until {until}.",
        )
        return
    yield either(
        language,
        f"Ansökningstiden har gått ut, men just den här ansökan kan skickas in till och med den {until}.",
        f"The deadline has passed, but this one application can be submitted until {until}.",
    )
    yield either(language, "För andra är omgången stängd.", "For others the round is closed.")


def _ended(application: Application, access: Access, call: Round, programme: Programme) -> Letter:
    language, until = application.told_in, moment(access.until, programme.zone, application.told_in)
    return letter(
        subject(application.id, programme, language, "kan inte längre ändras", "can no longer be changed"),
        either(language, "Den extra tiden är avslutad", "Your additional time has been ended"),
        paragraph(
            either(
                language,
                f"Den tid som ni hade fått för att {_for(access, language)} slutade den {until}, tidigare än vi hade"
                " sagt.",
                f"The time that you had been given to {_for(access, language)} ended on {until}, earlier than we had"
                " said.",
            ),
            either(
                language,
                "En uppladdning som då var på väg tas emot som vanligt.",
                "An upload that was on its way then is accepted as usual.",
            )
            if call.grace
            else "",
        ),
        section(either(language, "Skälet", "The reason"), _said(access.ended)),
        section(
            either(language, "Vad som gäller", "What counts"),
            paragraph(
                _standing(application, language, may_send=False),
                either(
                    language,
                    f"Anser ni att det är fel? Skriv så snart ni kan till {programme.contact} och ange beteckningen"
                    f" {spaced(application.id)}.",
                    f"Do you believe that this is wrong? Write as soon as you can to {programme.contact} and give the"
                    f" reference {spaced(application.id)}.",
                ),
            ),
        ),
        labelled(round_facts(application.id, call, programme, language)),
    )


def _for(access: Access, language: str) -> str:
    if access.asked:
        return either(language, "komplettera ansökan", "complete the application")
    return either(language, "skicka in ansökan", "submit the application")


def _said(words: str) -> str:
    """What a person wrote, line by line."""
    return "\n".join(paragraph(line) for line in map(one_line, words.splitlines()) if line)


def _is_over(last: datetime, programme: Programme, now: datetime, language: str) -> str:
    """The letter may be late, whatever held it up."""
    if now <= last:
        return ""
    return either(
        language,
        f"Den tiden är redan ute när vi skriver. Behöver ni mer, skriv till {programme.contact}.",
        f"That time is over already as we write. If you need more, write to {programme.contact}.",
    )


def _way_in(application: Application, programme: Programme, language: str) -> str:
    return section(
        either(language, "Så gör ni", "How to do it"),
        paragraph(
            either(
                language,
                "Öppna er privata länk till ansökan. Den kan finnas i webbläsarens historik, i ett brev om ni bad oss"
                " skicka den, eller hos någon som ni arbetar med.",
                "Open your private link to the application. It may be in your browser's history, in a letter if you"
                " asked us to send it, or with somebody you work with.",
            ),
            either(
                language,
                "Ändra i formuläret och skicka in ansökan på nytt."
                if application.state is ApplicationState.SUBMITTED
                else "Gör klart formuläret och skicka in ansökan.",
                "Change the form and submit the application again."
                if application.state is ApplicationState.SUBMITTED
                else "Finish the form and submit the application.",
            ),
            either(
                language,
                f"Vi har inte länken och kan inte skicka den igen. Hittar ingen av er den, skriv till"
                f" {programme.contact}.",
                f"We do not have the link and cannot send it again. If none of you can find it, write to"
                f" {programme.contact}.",
            ),
        ),
    )


def _standing(application: Application, language: str, *, may_send: bool = True) -> str:
    """What counts now. Whoever may not send any more is not told what would come of a new version."""
    if application.state is ApplicationState.SUBMITTED and application.current is not None:
        number = application.current.number
        if not may_send:
            return either(
                language,
                f"Version {number}, som vi har tagit emot, är den som prövas om ingen senare hann komma in.",
                f"Version {number}, which we have accepted, is considered unless a later one arrived in time.",
            )
        return either(
            language,
            f"Version {number}, som vi redan har tagit emot, gäller tills vi har tagit emot en ny.",
            f"Version {number}, which we have already accepted, counts until we have accepted a new one.",
        )
    if application.state is ApplicationState.WITHDRAWN:
        unless = (
            either(language, " om den inte skickas in på nytt", " unless it is submitted again") if may_send else ""
        )
        return either(
            language,
            f"Ansökan är återkallad och prövas inte{unless}.",
            f"The application is withdrawn and will not be considered{unless}.",
        )
    if application.state is ApplicationState.REFUSED:
        return either(
            language,
            "Det ni har skickat kunde inte tas emot som det var, och det som inte är mottaget kan inte prövas.",
            "What you sent could not be accepted as it was, and what has not been accepted cannot be considered.",
        )
    return either(
        language,
        "Ansökan är inte inskickad, och det som inte är inskickat kan inte prövas.",
        "The application has not been submitted, and what has not been submitted cannot be considered.",
    )
