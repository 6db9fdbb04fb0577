"""Figures of one round and of all of them, worked out from what was announced."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from shared.applicants import Applicant
from shared.distinct import distinct
from shared.results.publication import Award, Publication
from shared.wording import swedish_order


@dataclass(frozen=True, slots=True)
class Bar:
    """A line of a chart. `share` is its length in hundredths of the longest one."""

    name: str
    projects: int
    amount: int
    share: float


def by_core_area(publication: Publication, language: str) -> list[Bar]:
    """The largest amount first. An award that concerns several areas counts whole in each of them."""
    names = {area.id: area.name.in_language(language) for area in publication.programme.core_areas}
    return _bars(publication.awards, lambda award: award.core_areas, names)


def by_country(publication: Publication, language: str) -> list[Bar]:
    """The largest amount first. An award with partners in several countries counts whole in each of them."""
    names = {country.code: country.name.in_language(language) for country in publication.programme.countries}
    return _bars(publication.awards, lambda award: award.countries, names)


def _bars(awards: Iterable[Award], of: Callable[[Award], Iterable[str]], names: Mapping[str, str]) -> list[Bar]:
    projects: dict[str, int] = {}
    amounts: dict[str, int] = {}
    for award in awards:
        for one in set(of(award)):
            projects[one] = projects.get(one, 0) + 1
            amounts[one] = amounts.get(one, 0) + award.amount
    ordered = sorted(amounts, key=lambda one: (-amounts[one], swedish_order(names[one])))
    most = max(amounts.values(), default=1)
    return [Bar(names[one], projects[one], amounts[one], _share(amounts[one], most)) for one in ordered]


def _share(amount: int, most: int) -> float:
    return round(100 * amount / most, 1) if most else 0.0


def counted_twice(publication: Publication, of: Callable[[Award], Iterable[str]]) -> bool:
    """Whether bars add up to more than the total."""
    return any(len(set(of(award))) > 1 for award in publication.awards)


def grantees(publication: Publication) -> list[tuple[Applicant, int]]:
    """Each body once, with the sum of its awards; in the announcement's order."""
    standing = distinct((award.grantee for award in publication.awards), publication.programme)
    sums: dict[str, int] = {}
    for award in publication.awards:
        sums[award.grantee.identity] = sums.get(award.grantee.identity, 0) + award.amount
    return [(standing[identity], amount) for identity, amount in sums.items()]


@dataclass(frozen=True, slots=True)
class Sums:
    """Several rounds together. `grantees` counts each body once; None where a list of awards was not published."""

    rounds: int
    projects: int
    grantees: int | None
    amount: int


def sums(publications: Iterable[Publication]) -> Sums:
    """Of these rounds."""
    chosen = list(publications)
    bodies = {award.grantee.identity for one in chosen for award in one.awards}
    return Sums(
        rounds=len(chosen),
        projects=sum(one.totals["projects"] for one in chosen),
        grantees=len(bodies) if all(one.is_complete for one in chosen) else None,
        amount=sum(one.totals["amount"] for one in chosen),
    )


@dataclass(frozen=True, slots=True)
class Year:
    """What was announced in a year. `share` as in Bar."""

    year: int
    sums: Sums
    share: float


def by_year(publications: Iterable[Publication]) -> list[Year]:
    """The newest first."""
    chosen = list(publications)
    years = sorted({one.year for one in chosen}, reverse=True)
    found = [(year, sums(one for one in chosen if one.year == year)) for year in years]
    most = max((one.amount for _, one in found), default=1)
    return [Year(year, one, _share(one.amount, most)) for year, one in found]
