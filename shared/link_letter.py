"""The letter that carries a private link. It alone does: receipts are filed, and a filed receipt is public."""

from __future__ import annotations

from collections.abc import Iterator

from shared.letters import Letter, address_line, labelled, letter, paragraph
from shared.programme import Programme
from shared.receipt_facts import questions, round_facts, subject
from shared.rounds import Round
from shared.wording import either, moment


def private_link(reference: str, call: Round, programme: Programme, language: str, address: str) -> Letter:
    """What the link is good for, and what whoever has it can do. `address` is that of the status page."""
    return letter(
        subject(reference, programme, language, "och dess privata länk", "and its private link"),
        either(language, "Länken till ansökan", "The link to the application"),
        paragraph(
            either(
                language,
                "Någon som arbetar med ansökan bad oss skicka länken hit. Med den kommer du tillbaka till ansökan"
                " på vilken dator eller telefon som helst: för att skriva vidare, skicka in, se var den står,"
                " ändra eller återkalla.",
                "Somebody who works on the application asked us to send the link here. It takes you back to the"
                " application on any computer or telephone: to go on writing, submit, see where it stands, change"
                " or withdraw it.",
            )
        ),
        address_line(address),
        paragraph(
            either(
                language,
                "Spara brevet, för vi kan inte ta fram länken på nytt. Den som har länken kan läsa och ändra"
                " ansökan: skicka den bara vidare till den som ska arbeta med den.",
                "Keep this letter, because we cannot find the link again. Whoever has the link can read and change"
                " the application: pass it on only to those who are to work on it.",
            )
        ),
        labelled([*round_facts(reference, call, programme, language), *_deadline(call, programme, language)]),
        paragraph(
            either(
                language,
                "Har du inget med ansökan att göra? Då har någon skrivit fel adress. Radera brevet.",
                "Is the application no concern of yours? Then somebody mistyped an address. Delete this letter.",
            )
        ),
        questions(reference, programme, language),
    )


def _deadline(call: Round, programme: Programme, language: str) -> Iterator[tuple[str, str]]:
    if call.closes_at is not None:
        yield (
            either(language, "Sista ansökningstid", "Deadline"),
            moment(call.closes_at, programme.zone, language),
        )
