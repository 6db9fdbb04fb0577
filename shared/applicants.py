"""Who applies: an entry of the register, or an organisation with a number of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from shared import register
from shared.document import ApplicantSection
from shared.problems import Problem, problem
from shared.programme import Programme

_REGISTER_KINDS = {"municipality-code": "municipality", "region-code": "region"}


@dataclass(frozen=True, slots=True)
class Applicant:
    """An applicant. `identity` is the same whenever it is the same body, whatever it calls itself: Gotland is
    one applicant, as municipality and as region. County and position are known from the register alone."""

    kind: str
    identity: str
    name: str
    code: str | None = None
    organisation_number: str | None = None
    county: str | None = None

    def as_item(self) -> dict[str, Any]:
        """The attributes that the table stores, without those that are unknown."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> Applicant:
        """The reverse of `as_item`."""
        return cls(**item)

    def position(self) -> tuple[float, float] | None:
        """Latitude and longitude of the seat, or None for a body that the register does not hold."""
        if self.code is None:
            return None
        kind = "municipality" if len(self.code) == len("2581") else "region"
        entry = register.find(kind, self.code)
        return (entry.latitude, entry.longitude) if entry else None


def identify(given: ApplicantSection, programme: Programme) -> tuple[Applicant | None, list[Problem]]:
    """The applicant that the section names, or what is wrong with it."""
    kind = next((one for one in programme.applicant_kinds if one.id == given.kind), None)
    if kind is None:
        allowed = {
            language: ", ".join(getattr(one.name, language)[1] for one in programme.applicant_kinds)
            for language in ("sv", "en")
        }
        return None, [problem("kind-not-eligible", "applicant.kind", allowed=allowed)]
    if kind.identified_by == "organisation-number":
        return _by_number(given)
    return _by_code(given, _REGISTER_KINDS[kind.identified_by])


def _by_code(given: ApplicantSection, kind: str) -> tuple[Applicant | None, list[Problem]]:
    if given.code is None or given.name is not None or given.organisation_number is not None:
        return None, [problem("code-missing", "applicant.code")]
    entry = register.find(kind, given.code)
    if entry is None:
        return None, [problem(f"unknown-{kind}", "applicant.code", given=given.code)]
    return Applicant(given.kind, entry.identity, entry.name, entry.code, None, entry.county), []


def _by_number(given: ApplicantSection) -> tuple[Applicant | None, list[Problem]]:
    if given.organisation_number is None or given.name is None or given.code is not None:
        return None, [problem("organisation-missing", "applicant.organisation_number")]
    number, found = read_organisation_number(given.organisation_number)
    if number is None:
        return None, [problem(found, "applicant.organisation_number")]
    return Applicant(given.kind, f"SE-ON-{number}", given.name, organisation_number=number), []


def read_organisation_number(text: str) -> tuple[str | None, str]:
    """NNNNNN-NNNN, or None and the code of what is wrong.

    An organisation number's third digit is at least 2, so that it can never be a date of birth; whatever has
    a lower one, or twelve digits of which the first two are a century, is a person's and is refused as such.
    """
    from stdnum.se import orgnr  # noqa: PLC0415  few applicants need it, and ingest pays for every import

    digits = orgnr.compact(text)
    if len(digits) == 12 and digits.startswith("16"):
        digits = digits[2:]
    if digits.isdigit() and ((len(digits) == 12 and digits[:2] in ("18", "19", "20")) or digits[2:3] in ("0", "1")):
        return None, "personal-number"
    if not orgnr.is_valid(digits):
        return None, "bad-organisation-number"
    return f"{digits[:6]}-{digits[6:]}", ""
