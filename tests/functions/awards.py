"""Awards of a round, announced: as the tests of announcements need them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from functions.announce.announcement import (
    Announcement,
    Award,
    compose,
)
from shared.programme import Programme
from tests.builders.texts import (
    a_round,
    an_award,
    association,
    municipality,
    partnership,
    village_stage,
)

PARTNERSHIP, VILLAGE_STAGE = partnership(), village_stage()
SPRING = datetime(2020, 2, 14, 23, 0, 0, tzinfo=UTC)
NOW = datetime(2019, 12, 12, 9, 0, 0, tzinfo=UTC)
PITEA, UMEA, RONNEBY = municipality("2581"), municipality("2480"), municipality("1081")


def announced(awards: Sequence[Award], programme: Programme = PARTNERSHIP, number: int = 1) -> Announcement:
    return compose(a_round(), programme, awards, number, NOW)


def plays(*names: str) -> list[Award]:
    """Awards of the village stage."""
    return [
        an_award(
            association(name, f"8024{place:02}-1234"),
            40_000,
            f"PLAY{place:05}",
            title=f"Pjäs {place}",
            type="production",
            core_areas=("children",),
            partners=(),
            starts="2026-06",
            years=1,
        )
        for place, name in enumerate(names)
    ]


def three_for_umea() -> list[Award]:
    titles = ("Öppna beslut", "Algoritmer i det öppna", "Budget för alla")
    return [an_award(UMEA, 300_000 + 50_000 * n, f"UMEA0000{n}", title=title) for n, title in enumerate(titles)]


def told(awards: Sequence[Award], language: str = "sv", programme: Programme = PARTNERSHIP) -> str:
    """The text without our line breaks and no-break spaces, for looking for sentences."""
    return " ".join(announced(awards, programme).texts[language].text.replace("\u00a0", " ").split())


def list_lines(text: str) -> list[str]:
    return [line.removeprefix("- ") for line in text.replace("\u00a0", " ").split("\n") if line.startswith("- ")]
