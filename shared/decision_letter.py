"""The decision on an application, for its applicant: awarded or declined, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterator

from shared.applications import Application, Facts
from shared.decisions import Decision, DecisionKind
from shared.letters import Letter, address_line, labelled, letter, one_line, paragraph, section
from shared.programme import Programme
from shared.receipt_facts import application_facts, questions, subject
from shared.rounds import Round
from shared.wording import either, kronor


def decision_letter(
    application: Application,
    decision: Decision,
    call: Round,
    programme: Programme,
    *,
    page: str = "",
    corrects: bool,
    reason: str = "",
) -> tuple[str, Letter]:
    """To whom, and what. `page` is the address of the round's results, where they can be read already; `corrects`
    says that another decision was told before, and `reason` why it was corrected. Raises ValueError for an
    application that was never accepted."""
    version, language = application.current, application.told_in
    if version is None:
        raise ValueError("no accepted version to decide on")
    awarded = decision.kind is DecisionKind.AWARD
    told = letter(
        _subject(application.id, programme, language, awarded=awarded, corrects=corrects),
        either(language, "Ansökan beviljas", "The application is awarded a grant")
        if awarded
        else either(language, "Ansökan avslås", "The application is declined"),
        _corrects(reason, language) if corrects else "",
        paragraph(_joy(language) if awarded and not corrects else "", _decided(decision, programme, language)),
        labelled(_facts(application.id, version.facts, decision, call, programme, language)),
        _grounds(decision, programme, language),
        _next_steps(programme, language, awarded=awarded),
        _results(page, language),
        questions(application.id, programme, language),
    )
    return str(version.facts.contact["email"]), told


def _subject(reference: str, programme: Programme, language: str, *, awarded: bool, corrects: bool) -> str:
    sv, en = ("beviljas bidrag", "is awarded a grant") if awarded else ("avslås", "is declined")
    if corrects:
        sv, en = f"{sv} (rättat beslut)", f"{en} (corrected decision)"
    return subject(reference, programme, language, sv, en)


def _corrects(reason: str, language: str) -> str:
    return paragraph(
        either(
            language,
            "Det här brevet ersätter det beslutsbrev som ni har fått tidigare. Beslutet är rättat, och det är det"
            " här som gäller.",
            "This letter replaces the decision letter that you got before. The decision has been corrected, and this"
            " is the one that counts.",
        ),
        either(language, f"Skäl: {one_line(reason)}", f"Reason: {one_line(reason)}") if reason else "",
    )


def _joy(language: str) -> str:
    """For whoever hears it the first time. A corrected amount may be a lower one."""
    return either(language, "Grattis!", "Congratulations!")


def _decided(decision: Decision, programme: Programme, language: str) -> str:
    amount, funder = kronor(decision.amount, language), programme.funder.in_language(language)
    if decision.kind is DecisionKind.AWARD:
        return either(
            language,
            f"{funder} har beslutat att bevilja er ett bidrag på {amount}.",
            f"{funder} has decided to award you a grant of {amount}.",
        )
    return either(
        language,
        f"{funder} har prövat er ansökan och beslutat att inte bevilja den. Tack för det arbete som ni har lagt ner"
        " på den.",
        f"{funder} has considered your application and decided not to award it a grant. Thank you for the work that"
        " you put into it.",
    )


def _facts(
    reference: str, facts: Facts, decision: Decision, call: Round, programme: Programme, language: str
) -> Iterator[tuple[str, str]]:
    yield from application_facts(reference, facts, call, programme, language)
    if decision.kind is DecisionKind.AWARD:
        yield either(language, "Beviljat belopp", "Amount awarded"), kronor(decision.amount, language)


def _grounds(decision: Decision, programme: Programme, language: str) -> str:
    if not programme.decision_letters.tell_motivation:
        return ""
    paragraphs = [paragraph(one_line(line)) for line in decision.motivation.splitlines() if line.strip()]
    return section(either(language, "Motivering", "Grounds"), "\n\n".join(paragraphs))


def _next_steps(programme: Programme, language: str, *, awarded: bool) -> str:
    words = programme.decision_letters.award if awarded else programme.decision_letters.decline
    told = paragraph(words.in_language(language)) if words else ""
    return section(either(language, "Vad som händer nu", "What happens next"), told)


def _results(page: str, language: str) -> str:
    if not page:
        return ""
    told = either(language, "Hela omgångens resultat finns här:", "The result of the whole round is here:")
    return f"{paragraph(told)}\n{address_line(page)}"
