"""What a round's announcements say, read back from them for pages and open data.

Nothing here is computed a second time from applications: what is published as pages and files is what was
announced. A correction is the announcement with the next number; the last one is in force, and an award that only
earlier ones name was taken back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from shared.applicants import Applicant
from shared.instants import parse_iso
from shared.letters import one_line
from shared.programme import Programme, load

LANGUAGES = ("sv", "en")


@dataclass(frozen=True, slots=True)
class Award:
    """One award as announced. `amount` is in whole kronor, `starts` a month as YYYY-MM; `partners` are names and
    country codes. Whatever an applicant wrote is one line of printable characters."""

    reference: str
    grantee: Applicant
    title: str
    type: str
    core_areas: tuple[str, ...]
    partners: tuple[tuple[str, str], ...]
    amount: int
    starts: str
    years: int

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Award:
        """From an entry of an announcement's document."""
        grantee = told["grantee"]
        return cls(
            reference=told["reference"],
            grantee=Applicant(
                grantee["kind"],
                grantee["id"],
                one_line(grantee["name"]),
                grantee.get("code"),
                grantee.get("organisation_number"),
                grantee.get("county"),
            ),
            title=one_line(told["title"]),
            type=told["type"],
            core_areas=tuple(told["core_areas"]),
            partners=tuple((one_line(partner["name"]), partner["country"]) for partner in told["partners"]),
            amount=int(told["amount"]),
            starts=told["starts"],
            years=int(told["years"]),
        )

    @property
    def countries(self) -> tuple[str, ...]:
        """The codes of its partners' countries, each once, sorted."""
        return tuple(sorted({country for _, country in self.partners}))

    @property
    def first_day(self) -> date:
        """The first day of the month in which the project starts."""
        return date.fromisoformat(f"{self.starts}-01")

    @property
    def last_day(self) -> date:
        """The last day of the project, so many whole years later."""
        first = self.first_day
        return date.fromordinal(first.replace(year=first.year + self.years).toordinal() - 1)


@dataclass(frozen=True, slots=True)
class Announcement:
    """One announcement as it went out."""

    number: int
    announced_at: datetime
    subjects: Mapping[str, str]
    texts: Mapping[str, str]
    document: Mapping[str, Any]
    awards: tuple[Award, ...]

    @classmethod
    def of(cls, document: Mapping[str, Any], texts: Mapping[str, Mapping[str, str]]) -> Announcement:
        """From its machine document and its texts, as the table and the staff's API have them."""
        return cls(
            number=int(document["number"]),
            announced_at=parse_iso(document["announced_at"]),
            subjects={language: texts[language]["subject"] for language in LANGUAGES},
            texts={language: texts[language]["body"] for language in LANGUAGES},
            document=document,
            awards=tuple(Award.of(award) for award in document["awards"]),
        )

    def date_in(self, programme: Programme) -> date:
        """The day of the announcement where the programme's people are."""
        return self.announced_at.astimezone(programme.zone).date()


@dataclass(frozen=True, slots=True)
class Publication:
    """A round's announcements, oldest first; at least one."""

    programme: Programme
    announcements: tuple[Announcement, ...]

    @classmethod
    def of(cls, announcements: Iterable[Announcement]) -> Publication:
        """Raises UnknownProgrammeError for an edition that does not ship, ValueError for no announcement."""
        ordered = tuple(sorted(announcements, key=lambda one: one.number))
        if not ordered:
            raise ValueError("a round without an announcement has nothing to publish")
        return cls(load(ordered[-1].document["programme"]["id"]), ordered)

    @property
    def current(self) -> Announcement:
        """The announcement in force."""
        return self.announcements[-1]

    @property
    def round_id(self) -> str:
        """Example: 2019-autumn"""
        return str(self.current.document["round"]["id"])

    @property
    def name(self) -> Mapping[str, str]:
        """What people call the round."""
        name: Mapping[str, str] = self.current.document["round"]["name"]
        return name

    @property
    def awards(self) -> tuple[Award, ...]:
        """The awards in force, in the announcement's order."""
        return self.current.awards

    @property
    def taken_back(self) -> tuple[Award, ...]:
        """What an earlier announcement awarded and the one in force does not, as it was last announced."""
        if not self.is_complete:
            return ()
        found = {award.reference: award for one in self.announcements for award in one.awards}
        kept = {award.reference for award in self.awards}
        return tuple(award for reference, award in sorted(found.items()) if reference not in kept)

    @property
    def has_awarded(self) -> bool:
        """Whether there is an award to tell of, in force or taken back."""
        return bool(self.awards or self.taken_back)

    @property
    def is_complete(self) -> bool:
        """False where the list was too long for one message: then `awards` is empty though the totals are not."""
        return bool(self.current.document["complete"])

    @property
    def totals(self) -> Mapping[str, Any]:
        """As announced; see shared/schemas/announcement-1.json."""
        totals: Mapping[str, Any] = self.current.document["totals"]
        return totals

    @property
    def first_announced(self) -> datetime:
        """When the round was announced for the first time."""
        return self.announcements[0].announced_at

    def awarded_on(self, reference: str) -> date:
        """The day on which this award was announced for the first time. Raises KeyError for an unknown one."""
        for one in self.announcements:
            if any(award.reference == reference for award in one.awards):
                return one.date_in(self.programme)
        raise KeyError(reference)

    @property
    def year(self) -> int:
        """The year that the awards are counted under: that of the first announcement."""
        return self.announcements[0].date_in(self.programme).year


def newest_first(publications: Iterable[Publication]) -> Sequence[Publication]:
    """By first announcement; the same order whatever order they come in."""
    return sorted(publications, key=lambda one: (one.first_announced, one.round_id), reverse=True)
