"""Awards, and what an announcement computes from them: grantees, sums, span, core areas, countries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from shared.applicants import Applicant
from shared.applications import Facts
from shared.distinct import by_kind, distinct
from shared.programme import Choice, Country, Programme
from shared.wording import swedish_order


@dataclass(frozen=True, slots=True)
class Award:
    """One approved award. `amount` is in whole kronor; `partners` are names and country codes; `starts` is a
    month, YYYY-MM."""

    application: str
    applicant: Applicant
    amount: int
    title: str
    type: str
    core_areas: tuple[str, ...]
    partners: tuple[tuple[str, str], ...]
    starts: str
    years: int

    @classmethod
    def of(cls, application: str, facts: Facts, amount: int) -> Award:
        """The award of `amount` for the application with these facts."""
        return cls(
            application=application,
            applicant=facts.applicant,
            amount=amount,
            title=facts.title,
            type=facts.type,
            core_areas=facts.core_areas,
            partners=tuple((partner["name"], partner["country"]) for partner in facts.partners),
            starts=facts.starts,
            years=facts.years,
        )


@dataclass(frozen=True, slots=True)
class Grantee:
    """One body with everything that it was awarded, by title."""

    applicant: Applicant
    awards: tuple[Award, ...]

    @property
    def amount(self) -> int:
        """The sum of its awards, in whole kronor."""
        return sum(award.amount for award in self.awards)


@dataclass(frozen=True, slots=True)
class Span:
    """The northernmost and the southernmost grantee."""

    north: Applicant
    south: Applicant


@dataclass(frozen=True, slots=True)
class Result:
    """What a round came to. Grantees are in Swedish order, core areas by their number of projects, countries
    by code."""

    grantees: tuple[Grantee, ...]
    kinds: Mapping[str, int]
    span: Span | None
    core_areas: tuple[tuple[Choice, int], ...]
    countries: tuple[Country, ...]
    partners: int

    @property
    def awards(self) -> tuple[Award, ...]:
        """All awards, in the order of the grantees."""
        return tuple(award for grantee in self.grantees for award in grantee.awards)

    @property
    def total(self) -> int:
        """The sum of the awards, in whole kronor."""
        return sum(grantee.amount for grantee in self.grantees)


def result(awards: Iterable[Award], programme: Programme) -> Result:
    """Raises ValueError where an application was awarded twice: its money would be counted twice."""
    rows = list(awards)
    if len({row.application for row in rows}) != len(rows):
        raise ValueError("an application is among the awards twice")
    standing = distinct((row.applicant for row in rows), programme)
    areas = Counter(area for row in rows for area in set(row.core_areas))
    countries = {country for row in rows for _, country in row.partners}
    return Result(
        grantees=_grantees(rows, standing),
        kinds=by_kind((row.applicant for row in rows), programme),
        span=_span(standing.values()),
        # Sorting keeps the programme's order where numbers are equal.
        core_areas=tuple(sorted(_counted(programme.core_areas, areas), key=lambda pair: -pair[1])),
        countries=tuple(country for country in programme.countries if country.code in countries),
        partners=len({partner for row in rows for partner in row.partners}),
    )


def _grantees(rows: Iterable[Award], standing: Mapping[str, Applicant]) -> tuple[Grantee, ...]:
    by_identity: dict[str, list[Award]] = {}
    for row in rows:
        by_identity.setdefault(row.applicant.identity, []).append(row)
    grantees = [
        Grantee(
            standing[identity],
            tuple(sorted(own, key=lambda row: (swedish_order(row.title), row.application))),
        )
        for identity, own in by_identity.items()
    ]
    return tuple(sorted(grantees, key=lambda one: (swedish_order(one.applicant.name), one.applicant.identity)))


def _span(applicants: Iterable[Applicant]) -> Span | None:
    """None where fewer than two places are known: then nothing lies between them.

    A region stands at its county's residence city, so where one shares its latitude with the city's
    municipality, the municipality gives its name.
    """
    placed = [(position[0], one) for one in applicants if (position := one.position())]
    if len({latitude for latitude, _ in placed}) < 2:
        return None
    ranked = [(latitude, len(one.code or ""), swedish_order(one.name), one) for latitude, one in placed]
    north = min(ranked, key=lambda row: (-row[0], -row[1], row[2]))
    south = min(ranked, key=lambda row: (row[0], -row[1], row[2]))
    return Span(north[3], south[3])


def _counted(areas: Iterable[Choice], counts: Mapping[str, int]) -> list[tuple[Choice, int]]:
    return [(area, counts[area.id]) for area in areas if counts[area.id]]
