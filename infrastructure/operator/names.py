"""What people call what the service answers with: core areas, countries, kinds, counties."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from shared.programme import ApplicationType, AttachmentKind, Choice, Programme, UnknownProgrammeError, load
from shared.register import county_name
from shared.wording import either


@dataclass(frozen=True, slots=True)
class Names:
    """The names in one edition of a programme. Whatever the service knows and this command does not goes by its
    identifier: the service may be newer."""

    programme: Programme | None
    language: str

    @classmethod
    def of(cls, programme: str, language: str) -> Names:
        """The names of the programme that a round is under."""
        try:
            return cls(load(programme), language)
        except UnknownProgrammeError:
            return cls(None, language)

    def core_area(self, area: str) -> str:
        """Example: deltagande"""
        return self._chosen(self.programme.core_areas if self.programme else (), area)

    def type(self, kind: str) -> str:
        """Example: Projekt"""
        return self._chosen(self.programme.types if self.programme else (), kind)

    def attachment(self, kind: str) -> str:
        """Example: Undertecknad avsiktsförklaring"""
        return self._chosen(self.programme.attachments if self.programme else (), kind)

    def country(self, code: str) -> str:
        """Example: Vietnam"""
        known = self.programme.countries if self.programme else ()
        return next((one.name.in_language(self.language) for one in known if one.code == code), code)

    def applicant(self, kind: str) -> str:
        """One of a kind. Example: kommun"""
        known = self.programme.applicant_kinds if self.programme else ()
        return next((either(self.language, one.name.sv[0], one.name.en[0]) for one in known if one.id == kind), kind)

    def applicants(self, kind: str) -> str:
        """In the plural. Example: kommuner"""
        known = self.programme.applicant_kinds if self.programme else ()
        return next((either(self.language, one.name.sv[1], one.name.en[1]) for one in known if one.id == kind), kind)

    def county(self, code: str) -> str:
        """Example: Norrbottens län; bodies that the register does not hold are in none."""
        return county_name(code) or either(self.language, "utan län", "no county")

    def _chosen(self, known: Iterable[Choice | ApplicationType | AttachmentKind], wanted: str) -> str:
        return next((one.name.in_language(self.language) for one in known if one.id == wanted), wanted)
