"""Announced rounds as pages and open data are made from: composed by announce, read back as the table has them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from functions.announce.announcement import compose
from functions.announce.awards import Award
from functions.announce.correcting import Correction, correction
from shared import register
from shared.programme import Programme
from shared.results.publication import Announcement, Publication
from tests.builders.texts import (
    a_round,
    an_award,
    association,
    december_2019,
    joint_body,
    municipality,
    partnership,
    region,
)

ADDRESS = "https://bidrag.example"
REASON = {"sv": "Ett belopp hade skrivits fel.", "en": "An amount had been misspelt."}
ANNOUNCED = datetime(2019, 12, 12, 9, 0, 0, tzinfo=UTC)


def announced(
    awards: Sequence[Award],
    *,
    programme: Programme | None = None,
    number: int = 1,
    at: datetime = ANNOUNCED,
    made: Correction | None = None,
    **call: Any,
) -> Announcement:
    """One announcement, as it is stored."""
    one = compose(a_round(**call), programme or partnership(), awards, number, at, made)
    texts = {language: {"subject": text.subject, "body": text.text} for language, text in one.texts.items()}
    return Announcement.of(one.document, texts)


def published(awards: Sequence[Award], **changes: Any) -> Publication:
    """A round that was announced once."""
    return Publication.of([announced(awards, **changes)])


def corrected(first: Sequence[Award], second: Sequence[Award]) -> Publication:
    """A round that was announced, and corrected a week later."""
    made = correction(REASON, first, second)
    again = announced(second, number=2, at=ANNOUNCED + timedelta(days=7), made=made)
    return Publication.of([again, announced(first)])


def sixty() -> list[Award]:
    """Sixty awards from the whole country: three for one grantee, one for a body without a place, Gotland twice,
    several partners in several countries, and titles that formats have to be careful with."""
    codes = [entry.code for entry in register.entries() if entry.kind == "municipality"][::5][:54]
    awards = [
        an_award(
            municipality(code),
            250_000 + 10_000 * place,
            f"SIXT{place:04}Y",
            title=f"Projekt {place}: öppna data & mötesplatser <för alla>",
            core_areas=(("equity", "participation"), ("transparency",), ("accountability",))[place % 3],
            partners=((("Makueni", "KE"),), (("Chobe", "BW"), ("Niš", "RS"), ("Prizren", "XK")))[place % 2],
            years=1 + place % 3,
        )
        for place, code in enumerate(codes)
    ]
    for place, title in enumerate(("=1+1", "+46 och andra vägar in", "Tredje försöket")):
        awards.append(an_award(municipality("2480"), 300_001 + place, f"UMEA000{place}Y", title=title))
    awards.append(an_award(joint_body(), 333_333, "JOINT000Y"))
    awards.append(an_award(municipality("0980"), 200_000, "GOTL0000Y", title="Gotland som kommun"))
    awards.append(an_award(region("09"), 200_000, "GOTL0001Y", title="Gotland som region"))
    assert len(awards) == 60
    return awards


def plays() -> list[Award]:
    """Awards of the village stage, which has no partners and no countries."""
    return [
        an_award(
            association(name, f"80240{place}-1234"),
            40_000 - place,
            f"PLAY{place:05}",
            title=f"Pjäs {place}",
            type="production",
            core_areas=("children",),
            partners=(),
            starts="2026-06",
            years=1,
        )
        for place, name in enumerate(("Östra teaterföreningen", "Åkers revy", "Älvdalens amatörteater"))
    ]


ONE = [an_award(municipality("2581"), 1_234_000)]
ROUNDS: dict[str, Callable[[], Publication]] = {
    "december 2019": lambda: published(december_2019()),
    "one award": lambda: published(ONE),
    "sixty awards": lambda: published(sixty()),
    "none": lambda: published([]),
    "corrected": lambda: corrected(december_2019(), [*december_2019()[2:], *ONE]),
}
"""Rounds of different shapes."""
