"""The closing summary: what a round came to, with the certificate that nothing is missing, and what to do next."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from functions.summarise.listing import against_budget, listed_applications, round_name
from shared import totals
from shared.applications import Application, ApplicationState
from shared.certificates import gone
from shared.distinct import by_kind, kinds_in_words
from shared.instants import parse_iso
from shared.letters import Letter, bullets, labelled, letter, paragraph, section
from shared.programme import Programme
from shared.register import county_name
from shared.rounds import Round
from shared.wording import counted, either, kronor, moment, number, swedish_order

MOST_LISTED = 500
"""Applications in the summary's list: enough for any round so far, and far below what SNS takes."""


def compose(
    call: Round,
    programme: Programme,
    certificate: Mapping[str, Any],
    applications: Sequence[Application],
    language: str,
) -> Letter:
    """The summary as staff get it when the round has closed. `applications` are all of them, drafts too."""
    standing = [one for one in applications if one.state is ApplicationState.SUBMITTED]
    said, name = certificate["totals"], round_name(call, programme, language)
    current = counted(len(standing), either(language, "ansökan ansökningar", "application applications").split())
    proof = _proof(certificate, language)
    return letter(
        either(
            language,
            f"Stängd med {current}, {proof.lower()}: {name}",
            f"Closed with {current}, {proof.lower()}: {name}",
        ),
        f"{either(language, 'Omgången är stängd', 'The round is closed')}\n{paragraph(name)}",
        paragraph(f"{proof}.", *_opening(standing, call, programme, language)),
        _differs(said, applications, standing, language),
        section(
            either(language, "Ansökningar", "Applications"),
            labelled(_applications(applications, said, language)),
        ),
        section(
            either(language, "Belopp", "Amounts"),
            labelled(against_budget(said["requested"], call.budget, language)),
        ),
        *_breakdowns(said["by"], programme, language),
        _certificate(certificate, programme, language),
        section(
            f"{either(language, 'Ansökningarna i bokstavsordning', 'The applications in alphabetical order')}"
            f" ({number(len(standing))})",
            listed_applications(standing, language, MOST_LISTED),
        ),
        _next_steps(len(standing), language),
    )


def _proof(certificate: Mapping[str, Any], language: str) -> str:
    """What is not as it should be, or that nothing is missing."""
    counts = {
        either(language, "{} saknas", "{} missing"): certificate["missing"],
        either(language, "{} borta ur lagringen", "{} gone from storage"): gone(certificate),
    }
    lost = [words.format(number(count)) for words, count in counts.items() if count]
    return ", ".join(lost) or either(language, "Inget saknas", "Nothing is missing")


def _opening(standing: Sequence[Application], call: Round, programme: Programme, language: str) -> Iterator[str]:
    applicants = by_kind((one.current.facts.applicant for one in standing if one.current), programme)
    whom = kinds_in_words(applicants, programme, language)
    nouns = either(language, "gällande ansökan|gällande ansökningar", "current application|current applications").split(
        "|"
    )
    current = counted(len(standing), nouns)
    if standing:
        yield either(language, f"I omgången finns {current}, från {whom}.", f"The round has {current}, from {whom}.")
    else:
        yield either(language, "I omgången finns inga gällande ansökningar.", "The round has no current applications.")
    if call.closes_at is not None:
        closes = moment(call.closes_at, programme.zone, language)
        yield either(language, f"Ansökningstiden gick ut den {closes}.", f"The deadline was {closes}.")


def _differs(
    said: Mapping[str, Any], applications: Sequence[Application], standing: Sequence[Application], language: str
) -> str:
    """What the applications added to the certified totals is what those say, or the letter begins with that it is not.
    And where some have changed since then, that the list below is of now."""
    then = totals.as_json(totals.certified(applications))
    requested = sum(one.current.facts.requested for one in standing if one.current)
    if (said["applications"], said["requested"]) != (then["applications"], then["requested"]):
        return paragraph(
            either(
                language,
                f"OBS! Listan nedan summerar till {kronor(requested, language)} i {number(len(standing))} ansökningar,"
                " vilket inte stämmer med de räknade summorna. Fatta inga beslut innan det är utrett.",
                f"NOTE: the list below adds up to {kronor(requested, language)} in {number(len(standing))}"
                " applications, which is not what the totals say. Decide nothing before this has been explained.",
            )
        )
    changed = sum(totals.has_changed(one) for one in applications)
    if not changed:
        return ""
    some = counted(changed, either(language, "ansökan ansökningar", "application applications").split())
    return paragraph(
        either(
            language,
            f"Efter intyget har {some} kommit till, ändrats eller återkallats. Listan nedan är som det är nu, summorna"
            " är intygets.",
            f"Since the certificate {some} came in, changed or were withdrawn. The list below is as of now, the totals"
            " are those of the certificate.",
        )
    )


def _applications(
    applications: Iterable[Application], said: Mapping[str, Any], language: str
) -> Iterator[tuple[str, str]]:
    states = [one.state for one in applications]
    for state, sv, en in (
        (ApplicationState.SUBMITTED, "Gällande", "Current"),
        (ApplicationState.WITHDRAWN, "Återkallade", "Withdrawn"),
        (ApplicationState.REFUSED, "Inskickade men aldrig godkända", "Sent but never accepted"),
        (ApplicationState.DRAFT, "Påbörjade men aldrig inskickade", "Started but never sent"),
    ):
        yield either(language, sv, en), number(states.count(state))
    turned_away = either(language, "Nekades uppladdning efter sista tid", "Turned away after the deadline")
    yield turned_away, number(said["turned_away"])
    yield either(language, "Inkomna versioner", "Versions received"), _versions(said["outcomes"], language)


_OUTCOMES: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "accepted": {"sv": ("godkänd", "godkända"), "en": ("accepted", "accepted")},
    "rejected": {"sv": ("underkänd", "underkända"), "en": ("rejected", "rejected")},
    "duplicate": {"sv": ("dubblett", "dubbletter"), "en": ("duplicate", "duplicates")},
    "late": {"sv": ("för sen", "för sena"), "en": ("late", "late")},
}


def _versions(outcomes: Mapping[str, int], language: str) -> str:
    known = either(language, "sv", "en")
    return ", ".join(counted(outcomes[name], nouns[known]) for name, nouns in _OUTCOMES.items())


def _breakdowns(by: Mapping[str, Any], programme: Programme, language: str) -> Iterator[str]:
    """A section for each way of dividing the applications. Areas and kinds stand in the programme's order,
    countries and counties in Swedish order."""
    areas = {one.id: one.name.in_language(language) for one in programme.core_areas}
    countries = {one.code: one.name.in_language(language) for one in programme.countries}
    known = either(language, "sv", "en")
    kinds = {one.id: getattr(one.name, known)[1] for one in programme.applicant_kinds}
    overlapping = either(
        language,
        "En ansökan räknas i vart och ett av sina {}, så raderna kan tillsammans bli mer än totalen.",
        "An application counts in each of its {}, so the lines may add up to more than the total.",
    )
    yield section(
        either(language, "Per kärnområde", "By core area"),
        _lines(by["core_area"], areas.__getitem__, list(areas), language),
        _note(overlapping, by["core_area"], either(language, "kärnområden", "core areas")),
    )
    by_name = sorted(by["country"], key=lambda code: swedish_order(countries[code]))
    yield section(
        either(language, "Per land", "By country"),
        _lines(by["country"], countries.__getitem__, by_name, language),
        _note(overlapping, by["country"], either(language, "länder", "countries")),
    )
    yield section(
        either(language, "Per typ av sökande", "By kind of applicant"),
        _lines(by["applicant_kind"], kinds.__getitem__, list(kinds), language),
    )
    yield section(either(language, "Per län", "By county"), _counties(by["county"], language))


def _note(sentence: str, groups: Mapping[str, Any], noun: str) -> str:
    return paragraph(sentence.format(noun)) if len(groups) > 1 else ""


def _counties(groups: Mapping[str, Any], language: str) -> str:
    without = either(language, "utan län (står inte i registret)", "no county (not in the register)")
    order = sorted(groups, key=lambda code: (code == "none", swedish_order(county_name(code) or code)))
    return _lines(groups, lambda code: without if code == "none" else county_name(code) or code, order, language)


def _lines(groups: Mapping[str, Any], named: Callable[[str], str], order: Sequence[str], language: str) -> str:
    return bullets([_line(named(group), groups[group], language)] for group in order if group in groups)


def _line(name: str, group: Mapping[str, int], language: str) -> str:
    nouns = either(language, "ansökan ansökningar", "application applications").split()
    return f"{name}: {counted(group['applications'], nouns)}, {kronor(group['requested'], language)}"


def _certificate(certificate: Mapping[str, Any], programme: Programme, language: str) -> str:
    objects, outcomes = certificate["objects"], sum(certificate["outcomes"].values())
    missing = number(certificate["missing"]) if certificate["missing"] else either(language, "ingen", "none")
    # Of what was deleted nobody should read that it is not missing.
    missing += (
        either(language, " utan", " without one") if gone(certificate) else either(language, " saknas", " missing")
    )
    at = moment(parse_iso(certificate["certified_at"]), programme.zone, language)
    return section(
        either(language, "Intyg", "Certificate"),
        paragraph(
            either(
                language,
                f"Den {at} jämfördes alla uppladdade ansökningar med de registrerade utfallen: {number(objects)}"
                f" uppladdade, {number(outcomes)} med utfall, {missing}.",
                f"On {at} every uploaded application was compared with the recorded outcomes: {number(objects)}"
                f" uploaded, {number(outcomes)} with an outcome, {missing}.",
            ),
            _gone(certificate, language),
            either(
                language,
                "Rotsumman förseglar resultatet: blir den densamma när den räknas om har inget utfall ändrats.",
                "The root hash seals the result: if it comes out the same when recomputed, no outcome has changed.",
            ),
        ),
        labelled([(either(language, "Rotsumma (SHA-256)", "Root hash (SHA-256)"), certificate["root"])]),
    )


def _gone(certificate: Mapping[str, Any], language: str) -> str:
    lost = gone(certificate)
    if not lost:
        return ""
    uploads = counted(lost, either(language, "uppladdad ansökan|uppladdade ansökningar", "upload|uploads").split("|"))
    return either(
        language,
        f"{uploads} med utfall fanns då inte längre i lagringen: någon har raderat. Ta reda på vem innan ni beslutar."
        " Kommandot anslag verify visar vilka ansökningar det gäller.",
        f"No longer in storage then: {uploads} with an outcome. Somebody deleted what was there. Find out who before"
        " you decide. The command anslag verify shows which applications are concerned.",
    )


def _next_steps(applications: int, language: str) -> str:
    if not applications:
        told = either(
            language,
            "Det finns inga ansökningar att besluta om.",
            "There are no applications to decide on.",
        )
    else:
        told = either(
            language,
            "Hämta beslutslistan med kommandot anslag, fyll i beslut, belopp och motivering på varje rad och"
            " lämna in listan igen. En kollega godkänner sedan besluten. Inget publiceras förrän det är gjort.",
            "Get the decision list with the anslag command, fill in decision, amount and motivation on every row,"
            " and hand the list in again. A colleague then approves the decisions. Nothing is published before that.",
        )
    return section(either(language, "Nästa steg", "Next steps"), paragraph(told))
