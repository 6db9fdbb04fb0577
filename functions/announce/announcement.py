"""An announcement: text for people in two languages, one document for machines, and a digest over all of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from functions.announce import correcting, press
from functions.announce.awards import Award, Result, result
from functions.announce.correcting import Correction
from functions.announce.press import Detail, Occasion
from shared.announcements import content_digest
from shared.applicants import Applicant
from shared.instants import iso
from shared.letters import MOST_LINE, Letter, in_two_forms
from shared.programme import Programme
from shared.references import spaced
from shared.rounds import Round

__all__ = ["Announcement", "Award", "compose"]

SCHEMA = "urn:anslag:announcement:1"
MOST_MESSAGE_BYTES = 250_000
"""SNS takes 262,144 bytes, attributes included."""
MOST_STORED_BYTES = 350_000
"""The table takes 400 KB in one item, and DynamoDB counts less for a document than its JSON is long."""
_LANGUAGES = ("sv", "en")


@dataclass(frozen=True, slots=True)
class Announcement:
    """What is published, whole. `digest` covers everything but the instant `announced_at`, so what was
    previewed yesterday is approved today."""

    number: int
    digest: str
    texts: Mapping[str, Letter]
    email: str
    """What subscribers by e-mail get: the texts in the programme's languages, one below the other."""
    document: Mapping[str, Any]
    """See shared/schemas/announcement-1.json."""
    attributes: Mapping[str, str | list[str]]
    """What subscribers filter on."""


def compose(
    call: Round,
    programme: Programme,
    awards: Iterable[Award],
    number: int,
    announced_at: datetime,
    correction: Correction | None = None,
    *,
    next_round: Round | None = None,
    address: str = "",
) -> Announcement:
    """The announcement of these awards, the same in whatever order they are given.

    Where texts and document together would be too large for a message, the texts tell less of each award; in
    the last resort the document leaves its list out too, and says so. Raises ValueError for an application that
    was awarded twice.
    """
    found = result(awards, programme)
    occasion = Occasion(number, correction, next_round, address)
    told = (_tell(found, call, programme, occasion, announced_at, detail) for detail in Detail)
    # The last of them always fits: all that is left in it has a largest size.
    return next(one for one in told if _fits(one))


def _tell(
    found: Result, call: Round, programme: Programme, occasion: Occasion, announced_at: datetime, detail: Detail
) -> Announcement:
    number = occasion.number
    texts = {language: press.compose(found, call, programme, occasion, language, detail) for language in _LANGUAGES}
    email = _email(texts, programme.languages)
    subjects = {language: text.subject for language, text in texts.items()}
    document = _document(found, call, programme, number, announced_at, subjects)
    if occasion.correction is not None:
        document["corrects"] = correcting.document(number, occasion.correction)
    if detail is Detail.ON_REQUEST:
        document |= {"complete": False, "awards": []}
        if occasion.correction is not None:
            document["corrects"] |= {"changes": []}
    attributes = _attributes(found, call, programme)
    said = {language: {"subject": text.subject, "body": text.text} for language, text in texts.items()}
    digest = content_digest(number, said, email, document, attributes)
    return Announcement(number, digest, texts, email, document, attributes)


def _fits(announcement: Announcement) -> bool:
    email, document = announcement.email, announcement.document
    stored = [email, json.dumps(document, ensure_ascii=False), *(text.text for text in announcement.texts.values())]
    return (
        message_bytes(email, document) <= MOST_MESSAGE_BYTES
        and sum(len(text.encode()) for text in stored) <= MOST_STORED_BYTES
    )


def message_bytes(email: str, document: Mapping[str, Any]) -> int:
    """The size of the message that SNS is given, in which the document is text within text."""
    return len(in_two_forms(email, document).encode())


def _email(texts: Mapping[str, Letter], languages: Sequence[str]) -> str:
    first, *others = (texts[language].text for language in languages)
    if not others:
        return first
    below = "(In English below.)" if languages[0] == "sv" else "(På svenska längre ned.)"
    return f"\n{'-' * MOST_LINE}\n\n".join((f"{below}\n\n{first}", *others))


def _document(
    found: Result,
    call: Round,
    programme: Programme,
    number: int,
    announced_at: datetime,
    subjects: Mapping[str, str],
) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "number": number,
        "announced_at": iso(announced_at),
        "round": {"id": call.id, "name": dict(call.name)},
        "programme": {
            "id": programme.key,
            "name": programme.name.model_dump(),
            "funder": programme.funder.model_dump(),
        },
        "subjects": dict(subjects),
        "currency": "SEK",
        "totals": {
            "amount": found.total,
            "projects": len(found.awards),
            "grantees": len(found.grantees),
            "grantees_by_kind": dict(found.kinds),
            "projects_by_core_area": {area.id: count for area, count in found.core_areas},
            "countries": sorted(country.code for country in found.countries),
        },
        "complete": True,
        "awards": [_award(award) for award in found.awards],
    }


def _award(award: Award) -> dict[str, Any]:
    return {
        "reference": spaced(award.application),
        "grantee": _grantee(award.applicant),
        "title": award.title,
        "type": award.type,
        "core_areas": list(award.core_areas),
        "partners": [{"name": name, "country": country} for name, country in award.partners],
        "amount": award.amount,
        "starts": award.starts,
        "years": award.years,
    }


def _grantee(applicant: Applicant) -> dict[str, Any]:
    """With what is known: the register's code and county, or the organisation number."""
    known = {
        "code": applicant.code,
        "organisation_number": applicant.organisation_number,
        "county": applicant.county,
    }
    return {
        "id": applicant.identity,
        "name": applicant.name,
        "kind": applicant.kind,
        **{name: value for name, value in known.items() if value is not None},
    }


def _attributes(found: Result, call: Round, programme: Programme) -> dict[str, str | list[str]]:
    applicants = [award.applicant for award in found.awards]
    kinds, areas = {one.kind for one in applicants}, {area.id for area, _ in found.core_areas}
    return {
        "round": call.id,
        "languages": list(programme.languages),
        "kinds": [kind.id for kind in programme.applicant_kinds if kind.id in kinds],
        "counties": sorted({one.county for one in applicants if one.county is not None}),
        "core_areas": [area.id for area in programme.core_areas if area.id in areas],
    }
