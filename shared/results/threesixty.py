"""Awards as 360Giving grants (standard 1.4), which grant tools read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from shared.instants import iso, whole_second
from shared.letters import one_line
from shared.results import addresses
from shared.results.describing import described
from shared.results.identifiers import award_id, funder_id, organisation_id
from shared.results.publication import Award, Publication

NAME = "360giving.json"
_MOST_TITLE = 139
"""The standard asks for less than 140 characters; the whole title is on the award's page and in the other files."""


def grants(publication: Publication, address: str) -> str:
    """The file: the awards in force. 360Giving has no way to say that an award was taken back; it is left out.

    Valid only with at least one. The file is written where the round `has_awarded`: where a correction has taken the
    last one back it replaces the one that told of it.
    """
    told = {
        "version": "1.4",
        "license": publication.programme.open_data.licence,
        "grants": [_grant(publication, award, address) for award in publication.awards],
    }
    return json.dumps(told, ensure_ascii=False, indent=1) + "\n"


def _grant(publication: Publication, award: Award, address: str) -> Mapping[str, Any]:
    programme = publication.programme
    return {
        "id": award_id(programme, award),
        "title": one_line(award.title, _MOST_TITLE),
        "description": described(award, programme, "en"),
        "currency": "SEK",
        "amountAwarded": award.amount,
        "awardDate": publication.awarded_on(award.reference).isoformat(),
        "url": f"{address}/{addresses.award_page('en', award.reference)}",
        # No "duration": the standard's versions do not agree on its type.
        "plannedDates": [{"startDate": award.first_day.isoformat(), "endDate": award.last_day.isoformat()}],
        "recipientOrganization": [
            {"id": organisation_id(award.grantee), "name": award.grantee.name, "addressCountry": "SE"}
        ],
        "fundingOrganization": [{"id": funder_id(programme), "name": programme.funder.en}],
        "grantProgramme": [{"code": programme.key, "title": programme.name.en}],
        "fromOpenCall": "Yes",
        "classifications": [
            {"vocabulary": f"{programme.key} core areas", "code": area.id, "title": area.name.en}
            for area in programme.core_areas
            if area.id in award.core_areas
        ],
        **_locations(award),
        "dateModified": iso(whole_second(publication.current.announced_at)),
        "dataSource": f"{address}/{addresses.data(publication.round_id, NAME)}",
    }


def _locations(award: Award) -> Mapping[str, Any]:
    """Where the partners are. The standard's list of countries lacks Kosovo's code, so its name alone is told."""
    if not award.partners:
        return {}
    places = [
        {"name": name, **({"countryCode": code} if code != "XK" else {"description": "Kosovo"})}
        for name, code in award.partners
    ]
    return {"beneficiaryLocation": places}
