"""The announcement as a press officer writes it, in Swedish and English, computed from the awards alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from functions.announce.awards import Award, Grantee, Result
from functions.announce.correcting import Correction, corrected, replaces
from shared.distinct import kinds_in_words
from shared.letters import MOST_SUBJECT, Letter, address_line, bullets, letter, one_line, paragraph, section
from shared.programme import Programme
from shared.results import addresses
from shared.rounds import Round
from shared.wording import counted, day, either, kronor, listed, month, number, rounded_kronor, swedish_order

_MOST_NAME_IN_HEADLINE = 50
_GRANTEES = {"sv": ("mottagare", "mottagare"), "en": ("grantee", "grantees")}
_PROJECTS = {"sv": ("projekt", "projekt"), "en": ("project", "projects")}
_YEARS = {"sv": ("år", "år"), "en": ("year", "years")}


class Detail(Enum):
    """How much of each award the text tells: as much as fits into one message together with the document."""

    FULL = "grantee, amount, project and partners"
    SHORT = "grantee and amount"
    ELSEWHERE = "where the list is"
    ON_REQUEST = "whom to ask for the list"


@dataclass(frozen=True, slots=True)
class Occasion:
    """What an announcement is beside its awards. A number above 1 is a correction, and says so. `address` is that of
    the public pages, without a slash at its end; empty where there are none."""

    number: int
    correction: Correction | None = None
    next_round: Round | None = None
    address: str = ""


def compose(
    result: Result, call: Round, programme: Programme, occasion: Occasion, language: str, detail: Detail
) -> Letter:
    """The announcement's text."""
    name = programme.name.in_language(language)
    headline = _headline(result, programme, language)
    each = detail in (Detail.FULL, Detail.SHORT)
    return letter(
        _subject(name, (headline, _headline(result, programme, language, short=True)), occasion.number, language),
        f"{paragraph(headline)}\n{paragraph(f'{name}, {one_line(call.name[_known(language)])}')}",
        replaces(occasion.number, occasion.correction, language),
        corrected(occasion.correction, language, each=each),
        paragraph(*_lead(result, programme, language)),
        paragraph(_core_areas(result, language), _countries(result, language)),
        _list(result, programme, occasion, language, detail),
        _next_round(occasion.next_round, programme, language),
        section(either(language, f"Om {name}", f"About {name}"), paragraph(programme.about.in_language(language))),
        _link(occasion.address, call, language),
        paragraph(
            either(language, "Kontakt:", "Contact:"),
            f"{programme.funder.in_language(language)}, {programme.contact}",
        ),
    )


def _next_round(coming: Round | None, programme: Programme, language: str) -> str:
    if coming is None:
        return ""
    name, opens = one_line(coming.name[_known(language)]), day(coming.opens_at, programme.zone, language)
    return paragraph(
        either(language, f"Nästa omgång, {name}, öppnar den {opens}.", f"The next round, {name}, opens on {opens}.")
    )


def _link(address: str, call: Round, language: str) -> str:
    if not address:
        return ""
    page = addresses.round_page(_known(language), call.id)
    return f"{either(language, 'Resultatet på webben:', 'The result on the web:')}\n{address_line(f'{address}/{page}')}"


def _known(language: str) -> str:
    return either(language, "sv", "en")


def _subject(name: str, headlines: tuple[str, str], number_: int, language: str) -> str:
    """The headline under the programme's name, or alone where both are too long for a subject, or the shorter one: a
    subject that was cut would end within the sum."""
    correction = [either(language, "Rättelse", "Correction")] if number_ > 1 else []
    choice = [
        f"{', '.join([*correction, name])}: {headlines[0]}",
        *(": ".join([*correction, one]) for one in headlines),
    ]
    return next((one for one in choice if len(one) <= MOST_SUBJECT), choice[-1])


def _projects(count: int, language: str) -> str:
    return counted(count, _PROJECTS[_known(language)])


def _headline(result: Result, programme: Programme, language: str, *, short: bool = False) -> str:
    """Who gets how much. In short, only how many they are."""
    if not result.grantees:
        return either(language, "Inga bidrag beviljas", "No grants awarded")
    total = rounded_kronor(result.total, language)
    grantees = counted(len(result.grantees), _GRANTEES[_known(language)])
    kinds = grantees if short else kinds_in_words(result.kinds, programme, language)
    if len(result.grantees) > 1:
        return either(language, f"{kinds} får dela på {total}", f"{kinds} share {total}")
    name = one_line(result.grantees[0].applicant.name)
    grantee = name if len(name) <= _MOST_NAME_IN_HEADLINE and not short else kinds
    count = len(result.awards)
    several = _projects(count, language) if count > 1 else ""
    what = either(language, f" till {several}", f" for {several}") if several else ""
    return either(language, f"{grantee} får {total}{what}", f"{grantee} receives {total}{what}")


def _lead(result: Result, programme: Programme, language: str) -> Iterator[str]:
    funder, name = programme.funder.in_language(language), programme.name.in_language(language)
    if not result.grantees:
        yield either(
            language,
            f"{funder} beviljar inga bidrag inom {name} i den här omgången.",
            f"{funder} is awarding no grants under {name} in this round.",
        )
        return
    total, count = kronor(result.total, language), len(result.awards)
    if count == 1:
        grantee = one_line(result.grantees[0].applicant.name)
        yield either(
            language,
            f"{funder} beviljar {total} till ett projekt inom {name}. Bidraget går till {grantee}.",
            f"{funder} is awarding {total} to one project under {name}. The grant goes to {grantee}.",
        )
        return
    projects = _projects(count, language)
    yield either(
        language,
        f"{funder} beviljar sammanlagt {total} till {projects} inom {name}.",
        f"{funder} is awarding {total} in all to {projects} under {name}.",
    )
    whom = _to_whom(result, programme, language)
    yield either(language, f"Bidragen går till {whom}.", f"The grants go to {whom}.")


def _to_whom(result: Result, programme: Programme, language: str) -> str:
    if len(result.grantees) == 1:
        return one_line(result.grantees[0].applicant.name)
    kinds = kinds_in_words(result.kinds, programme, language)
    if result.span is None:
        return kinds
    north, south = result.span.north.name, result.span.south.name
    return kinds + either(
        language, f", från {north} i norr till {south} i söder", f", from {north} in the north to {south} in the south"
    )


def _core_areas(result: Result, language: str) -> str:
    """The areas by weight. Numbers are given where they say something: not for one project, nor where all the
    projects are in the same areas."""
    if not result.core_areas:
        return ""
    count = len(result.awards)
    names = [area.name.in_language(language) for area, _ in result.core_areas]
    if count == 1:
        areas = listed(names, language)
        return either(language, f"Projektet gäller {areas}.", f"The project concerns {areas}.")
    if all(projects == count for _, projects in result.core_areas):
        areas = listed(names, language)
        return either(language, f"Samtliga projekt gäller {areas}.", f"All the projects concern {areas}.")
    numbers = [projects for _, projects in result.core_areas]
    told = [_projects(numbers[0], language), *map(number, numbers[1:])]
    areas = listed((f"{name} ({n})" for name, n in zip(names, told, strict=True)), language)
    several = either(language, "Ett projekt kan gälla flera områden.", "A project may concern several areas.")
    return either(language, f"Projekten gäller {areas}.", f"The projects concern {areas}.") + (
        f" {several}" if sum(numbers) > count else ""
    )


def _countries(result: Result, language: str) -> str:
    if not result.countries:
        return ""
    names = sorted((country.name.in_language(language) for country in result.countries), key=swedish_order)
    where = listed(names, language)
    if result.partners == 1:
        return either(language, f"Partnern finns i {where}.", f"The partner is in {where}.")
    return either(language, f"Partnerna finns i {where}.", f"The partners are in {where}.")


def _list(result: Result, programme: Programme, occasion: Occasion, language: str, detail: Detail) -> str:
    if not result.grantees:
        return ""
    heading = either(language, "Beviljade bidrag", "Grants awarded")
    if detail is Detail.FULL:
        entries = [_entry(grantee, programme, language) for grantee in result.grantees]
        return section(heading, "\n".join(entries))
    if detail is Detail.SHORT:
        elsewhere = either(
            language,
            "Varje bidrags projekt och partner står i hela listan.",
            "The project and partners of each grant are in the whole list.",
        )
        return section(
            heading,
            bullets([_first_line(grantee, language)] for grantee in result.grantees),
            paragraph(elsewhere, _whole_list(occasion, language)),
        )
    if detail is Detail.ELSEWHERE:
        return section(heading, paragraph(_whole_list(occasion, language)))
    ask = either(
        language,
        f"Listan är för lång för ett meddelande. Den kan beställas från {programme.contact}.",
        f"The list is too long for one message. It can be had from {programme.contact}.",
    )
    return section(heading, paragraph(ask))


def _whole_list(occasion: Occasion, language: str) -> str:
    if occasion.address:
        return either(
            language,
            "Hela listan finns på resultatsidan (adressen står nedan) och i tillkännagivandets öppna data"
            " (urn:anslag:announcement:1).",
            "The whole list is on the result page (its address is below) and in the announcement's open data"
            " (urn:anslag:announcement:1).",
        )
    return either(
        language,
        "Hela listan finns i tillkännagivandets öppna data (urn:anslag:announcement:1).",
        "The whole list is in the announcement's open data (urn:anslag:announcement:1).",
    )


def _first_line(grantee: Grantee, language: str) -> str:
    name, amount = one_line(grantee.applicant.name), kronor(grantee.amount, language)
    if len(grantee.awards) == 1:
        return f"{name}, {amount}"
    projects = _projects(len(grantee.awards), language)
    return either(language, f"{name}, {amount} till {projects}", f"{name}, {amount} for {projects}")


def _entry(grantee: Grantee, programme: Programme, language: str) -> str:
    if len(grantee.awards) == 1:
        return bullets([[_first_line(grantee, language), *_project(grantee.awards[0], programme, language)]])
    own = []
    for award in grantee.awards:
        title, *rest = _project(award, programme, language)
        own.append([f"{title}, {kronor(award.amount, language)}", *rest])
    return f"{bullets([[_first_line(grantee, language)]])}\n{bullets(own, mark='* ', margin='  ')}"


def _project(award: Award, programme: Programme, language: str) -> Iterator[str]:
    """Title, then type, length and partners."""
    yield one_line(award.title)
    kinds = {kind.id: kind.name for kind in programme.types}
    years = counted(award.years, _YEARS[_known(language)])
    told = either(
        language,
        f"{kinds[award.type].sv}, {years} med start i {month(award.starts, language)}.",
        f"{kinds[award.type].en}, {years} from {month(award.starts, language)}.",
    )
    partners = [
        f"{one_line(name)} ({programme.country(country).name.in_language(language)})"
        for name, country in award.partners
    ]
    noun = either(language, "Partner", "Partner" if len(partners) == 1 else "Partners")
    yield told + (f" {noun}: {listed(partners, language)}." if partners else "")
