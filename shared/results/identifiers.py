"""Who and what is meant, in every format by the same identifier, before and after a correction.

Organisations go by org-id.guide's SE-ON and their organisation number where it is known. Where it is not, they go
by a scheme of our own, which docs/open-data.md publishes and whose prefix no register uses: X-ANSLAG-.
"""

from __future__ import annotations

import re
import unicodedata

from shared.applicants import Applicant
from shared.programme import Programme
from shared.results.publication import Award

OUR_OWN = "X-ANSLAG"
_NOT_IN_A_NAME = re.compile(r"[^A-Z0-9]+")


def funder_id(programme: Programme) -> str:
    """Example: SE-ON-802400-0005; X-ANSLAG-ICLD where the programme's file gives no number."""
    return programme.open_data.organisation or f"{OUR_OWN}-{_plain(programme.funder.en)}"


def organisation_id(grantee: Applicant) -> str:
    """Example: SE-ON-222000-1234; X-ANSLAG-SE-2581 for the municipality with code 2581, X-ANSLAG-SE-L05 for the
    region of county 05. One body has one identifier: Gotland's is X-ANSLAG-SE-0980."""
    return grantee.identity if grantee.identity.startswith("SE-ON-") else f"{OUR_OWN}-{grantee.identity}"


def award_id(programme: Programme, award: Award) -> str:
    """IATI's and 360Giving's identifier of the award: the funder's, and the reference that people know."""
    return f"{funder_id(programme)}-{award.reference}"


def announcement_id(round_id: str, number: int) -> str:
    """The Atom feed's identifier of an announcement. Example: urn:anslag:round:2019-autumn:announcement:1"""
    return f"urn:anslag:round:{round_id}:announcement:{number}"


def _plain(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name.upper())
    ascii_only = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return _NOT_IN_A_NAME.sub("-", ascii_only).strip("-")
