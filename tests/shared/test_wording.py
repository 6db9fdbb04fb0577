"""Numbers, sums, lists, times and order are written as Swedish and English readers expect them."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import unicodedata
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import babel
import pytest
from babel.numbers import format_decimal
from hypothesis import given
from hypothesis import strategies as st

from shared.wording import (
    counted,
    day,
    kronor,
    listed,
    moment,
    month,
    number,
    rounded_kronor,
    swedish_order,
    time_left,
)

STOCKHOLM = ZoneInfo("Europe/Stockholm")
ROOT = Path(__file__).parents[2]
NBSP = "\u00a0"


@given(st.integers(0, 10**13))
def test_numbers_are_grouped_as_cldr_groups_swedish_ones(count: int) -> None:
    assert number(count) == format_decimal(count, locale="sv")


@pytest.mark.parametrize(
    ("amount", "sv", "en"),
    [
        (10_641_000, "10 641 000 kronor", "SEK 10 641 000"),
        (450_000, "450 000 kronor", "SEK 450 000"),
        (999, "999 kronor", "SEK 999"),
        (1, "1 krona", "SEK 1"),
        (0, "0 kronor", "SEK 0"),
    ],
)
def test_exact_sums_hold_together_on_one_line(amount: int, sv: str, en: str) -> None:
    assert (kronor(amount, "sv"), kronor(amount, "en")) == (sv.replace(" ", NBSP), en.replace(" ", NBSP))


@pytest.mark.parametrize(
    ("amount", "sv", "en"),
    [
        (0, "0 kronor", "SEK 0"),
        (9_999, "9 999 kronor", "SEK 9 999"),
        (12_499, "12 000 kronor", "SEK 12 000"),
        (12_500, "13 000 kronor", "SEK 13 000"),
        (999_499, "999 000 kronor", "SEK 999 000"),
        (999_500, "1 miljon kronor", "SEK 1 million"),
        (1_049_999, "1 miljon kronor", "SEK 1 million"),
        (1_050_000, "1,1 miljoner kronor", "SEK 1.1 million"),
        (2_000_000, "2 miljoner kronor", "SEK 2 million"),
        (10_641_000, "10,6 miljoner kronor", "SEK 10.6 million"),
        (10_650_000, "10,7 miljoner kronor", "SEK 10.7 million"),
        (32_940_000, "32,9 miljoner kronor", "SEK 32.9 million"),
        (999_949_999, "999,9 miljoner kronor", "SEK 999.9 million"),
        (999_950_000, "1 miljard kronor", "SEK 1 billion"),
        (1_250_000_000, "1,3 miljarder kronor", "SEK 1.3 billion"),
    ],
)
def test_headlines_round_sums_and_say_them_in_words(amount: int, sv: str, en: str) -> None:
    assert (rounded_kronor(amount, "sv"), rounded_kronor(amount, "en")) == (
        sv.replace(" ", NBSP),
        en.replace(" ", NBSP),
    )


@pytest.mark.parametrize(
    ("items", "sv", "en"),
    [
        ([], "", ""),
        (["a"], "a", "a"),
        (["a", "b"], "a och b", "a and b"),
        (["a", "b", "c"], "a, b och c", "a, b and c"),
    ],
)
def test_lists_end_with_och_and_with_and(items: list[str], sv: str, en: str) -> None:
    assert (listed(items, "sv"), listed(items, "en")) == (sv, en)


def test_a_member_with_an_och_of_its_own_is_kept_apart_from_the_next() -> None:
    assert listed(["jämlikhet och inkludering", "deltagande"], "sv") == "jämlikhet och inkludering samt deltagande"
    assert listed(["Georgien", "Bosnien och Hercegovina", "Kina"], "sv") == (
        "Georgien, Bosnien och Hercegovina samt Kina"
    )
    assert listed(["equity and inclusion", "participation"], "en") == "equity and inclusion, and participation"
    assert listed(["Bosnien och Hercegovina"], "sv") == "Bosnien och Hercegovina"


@pytest.mark.parametrize(
    ("instant", "sv", "en"),
    [
        pytest.param(
            datetime(2019, 10, 15, 21, 59, 59, tzinfo=UTC),
            "15 oktober 2019 kl. 23.59 (svensk tid)",
            "15 October 2019 at 23:59 (Swedish time)",
            id="in summer",
        ),
        pytest.param(
            datetime(2020, 3, 15, 22, 59, 59, tzinfo=UTC),
            "15 mars 2020 kl. 23.59 (svensk tid)",
            "15 March 2020 at 23:59 (Swedish time)",
            id="in winter",
        ),
        pytest.param(
            datetime(2019, 12, 31, 23, 5, 7, tzinfo=UTC),
            "1 januari 2020 kl. 00.05 (svensk tid)",
            "1 January 2020 at 00:05 (Swedish time)",
            id="already the next year",
        ),
    ],
)
def test_times_say_whose_time_they_are(instant: datetime, sv: str, en: str) -> None:
    assert (moment(instant, STOCKHOLM, "sv"), moment(instant, STOCKHOLM, "en")) == (sv, en)


def test_times_can_be_told_to_the_second() -> None:
    instant = datetime(2019, 10, 15, 22, 4, 9, 999_999, tzinfo=UTC)
    assert moment(instant, STOCKHOLM, "sv", seconds=True) == "16 oktober 2019 kl. 00.04.09 (svensk tid)"
    assert moment(instant, STOCKHOLM, "en", seconds=True) == "16 October 2019 at 00:04:09 (Swedish time)"


@pytest.mark.parametrize(
    ("zone", "sv", "en"),
    [
        ("Europe/Helsinki", "kl. 15.00 (östeuropeisk tid)", "at 15:00 (Eastern European Time)"),
        ("UTC", "kl. 12.00 (koordinerad universell tid)", "at 12:00 (Coordinated Universal Time)"),
        ("Africa/Nairobi", "kl. 15.00 (Kenyatid)", "at 15:00 (Kenya Time)"),
    ],
)
def test_only_stockholm_has_swedish_time(zone: str, sv: str, en: str) -> None:
    instant = datetime(2020, 6, 15, 12, 0, 0, tzinfo=UTC)
    assert (moment(instant, ZoneInfo(zone), "sv"), moment(instant, ZoneInfo(zone), "en")) == (
        f"15 juni 2020 {sv}",
        f"15 June 2020 {en}",
    )


def test_a_day_is_the_one_that_people_in_the_zone_have() -> None:
    instant = datetime(2019, 10, 15, 22, 30, 0, tzinfo=UTC)
    assert (day(instant, STOCKHOLM, "sv"), day(instant, ZoneInfo("UTC"), "en")) == (
        "16 oktober 2019",
        "15 October 2019",
    )


def test_months_are_written_out() -> None:
    assert (month("2020-01", "sv"), month("2020-05", "en")) == ("januari 2020", "May 2020")


@pytest.mark.parametrize(
    ("left", "sv", "en"),
    [
        (timedelta(days=3, hours=23, minutes=59), "3 dagar", "3 days"),
        (timedelta(days=1000), "1 000 dagar", "1 000 days"),
        (timedelta(hours=48), "2 dagar", "2 days"),
        (timedelta(hours=47, minutes=59), "47 timmar", "47 hours"),
        (timedelta(hours=2), "2 timmar", "2 hours"),
        (timedelta(minutes=119, seconds=59), "119 minuter", "119 minutes"),
        (timedelta(seconds=119), "1 minut", "1 minute"),
        (timedelta(seconds=59), "mindre än en minut", "less than a minute"),
        (timedelta(0), "mindre än en minut", "less than a minute"),
    ],
)
def test_time_left_is_never_told_as_more_than_it_is(left: timedelta, sv: str, en: str) -> None:
    assert (time_left(left, "sv").replace(NBSP, " "), time_left(left, "en").replace(NBSP, " ")) == (sv, en)


def test_nouns_agree_with_their_numbers() -> None:
    nouns = ["kommun", "kommuner"]
    assert [counted(n, nouns) for n in (0, 1, 2, 10)] == ["0 kommuner", "1 kommun", "2 kommuner", "10 kommuner"]


def test_swedish_order_ends_with_a_ring_a_dots_o_dots() -> None:
    ordered = [
        "Ale", "Habo", "Håbo", "Malung-Sälen", "Region Östergötland", "Ronneby", "Upplands Väsby", "Upplands-Bro",
        "Vara", "Wallenstam", "Ydre", "Zinkgruvan", "Åmål", "Åre", "Älmhult", "Ängelholm", "Öckerö", "Örebro",
    ]  # fmt: skip
    shuffled = random.Random(7).sample(ordered, len(ordered))
    assert sorted(shuffled, key=swedish_order) == ordered


def test_accents_are_passed_over_unless_they_alone_differ() -> None:
    assert sorted(["Idé", "Ideal", "Ide"], key=swedish_order) == ["Ide", "Idé", "Ideal"]


@given(st.lists(st.text(alphabet="aàbcéÅåÄäÖözZ -", max_size=5)))
def test_order_does_not_depend_on_how_letters_are_encoded_or_on_case(words: list[str]) -> None:
    def order(form: Literal["NFC", "NFD"]) -> list[str]:
        spelled = [unicodedata.normalize(form, word) for word in words]
        return [unicodedata.normalize("NFC", word).casefold() for word in sorted(spelled, key=swedish_order)]

    assert order("NFD") == order("NFC")


_WORDS = """
from datetime import UTC, datetime
from zoneinfo import ZoneInfo
import babel
from shared import wording
print(babel.__file__)
for language in ("sv", "en"):
    print(wording.moment(datetime(2020, 6, 15, 12, tzinfo=UTC), ZoneInfo("Europe/Helsinki"), language))
    print(wording.rounded_kronor(10_641_000, language), wording.month("2020-01", language))
    print(wording.listed(["a", "b", "c"], language))
"""


def test_nothing_but_root_english_and_swedish_locale_data_is_needed(tmp_path: Path) -> None:
    """The deployed layer ships no other."""
    whole, pruned = Path(babel.__file__).parent, tmp_path / "babel"
    shutil.copytree(whole, pruned, ignore=shutil.ignore_patterns("__pycache__", "locale-data"))
    (pruned / "locale-data").mkdir()
    for locale in (whole / "locale-data").glob("*.dat"):
        if locale.stem.split("_")[0] in ("root", "en", "sv"):
            shutil.copy(locale, pruned / "locale-data")
    done = subprocess.run(
        [sys.executable, "-c", _WORDS],
        cwd=ROOT,
        # Lambda's own time zone is written like this.
        env={**os.environ, "PYTHONPATH": str(tmp_path), "TZ": ":UTC"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.replace(NBSP, " ").splitlines() == [
        str(pruned / "__init__.py"),
        "15 juni 2020 kl. 15.00 (östeuropeisk tid)",
        "10,6 miljoner kronor januari 2020",
        "a, b och c",
        "15 June 2020 at 15:00 (Eastern European Time)",
        "SEK 10.6 million January 2020",
        "a, b and c",
    ]
