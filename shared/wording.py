"""Swedish and English for people: amounts, lists, dates, time left, counted nouns, Swedish order.

Names of months, lists, words for millions and names of time zones are CLDR's, through Babel. What CLDR leaves
to the house is here: no-break spaces between thousands in English too, 'kl. 23.59', and 'samt' where a list's
members have an 'och' of their own. Every language but Swedish is answered in English.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, get_timezone_name
from babel.lists import format_list
from babel.numbers import format_compact_decimal

from shared.problems import NO_BREAK_SPACE, grouped

SWEDEN = "Europe/Stockholm"
_LEAST_ROUNDED, _MILLION, _BILLION = 10_000, 1_000_000, 1_000_000_000
_HOURS_TOLD_AS_DAYS = timedelta(hours=48)
_MINUTES_TOLD_AS_HOURS = timedelta(hours=2)
_DAYS = {"sv": ("dag", "dagar"), "en": ("day", "days")}
_HOURS = {"sv": ("timme", "timmar"), "en": ("hour", "hours")}
_MINUTES = {"sv": ("minut", "minuter"), "en": ("minute", "minutes")}
# Æ and Ø are sorted as Ä and Ö, Ü as Y; '{', '|' and '}' follow 'z' in ASCII.
_AFTER_Z = str.maketrans({"å": "{", "ä": "|", "æ": "|", "ö": "}", "ø": "}", "ü": "y"})


def either(language: str, sv: str, en: str) -> str:
    """The words in the asked language."""
    return sv if language == "sv" else en


def _locale(language: str) -> str:
    return either(language, "sv", "en_GB")


def number(count: int) -> str:
    """Digits in threes, held together by no-break spaces, in both languages. Example: 10 641 000"""
    return grouped(count)


def counted(count: int, nouns: Sequence[str]) -> str:
    """A number and its noun; `nouns` has one and many. Example: 10 kommuner"""
    return f"{number(count)} {nouns[0 if count == 1 else 1]}"


def kronor(amount: int, language: str) -> str:
    """Exact whole kronor, never broken over two lines. Example: 10 641 000 kronor, SEK 10 641 000"""
    noun = "krona" if amount == 1 else "kronor"
    return either(language, f"{number(amount)} {noun}", f"SEK {number(amount)}").replace(" ", NO_BREAK_SPACE)


def rounded_kronor(amount: int, language: str) -> str:
    """A sum for a headline, halves rounded up: millions and billions to one decimal, smaller sums to whole
    thousands, and what is below 10 000 kronor as it stands. Example: 10,6 miljoner kronor, SEK 10.6 million
    """
    thousands = _rounded(amount, 1_000)
    if amount < _LEAST_ROUNDED:
        return kronor(amount, language)
    if thousands < _MILLION:
        return kronor(thousands, language)
    tenths = _rounded(amount, _MILLION // 10)
    if tenths >= _BILLION:
        tenths = _rounded(amount, _BILLION // 10)
    # Rounded first, because CLDR's 'miljon' and 'miljoner' are chosen by the number before rounding.
    words = format_compact_decimal(tenths, format_type="long", locale=_locale(language), fraction_digits=1)
    return either(language, f"{words} kronor", f"SEK {words}").replace(" ", NO_BREAK_SPACE)


def _rounded(amount: int, step: int) -> int:
    return (amount + step // 2) // step * step


def listed(items: Iterable[str], language: str) -> str:
    """Example: a, b och c; a, b and c. A member with an 'och' of its own: a och b, c samt d; a and b, c, and d"""
    members = list(items)
    conjunction, stronger = either(language, " och ", " and "), either(language, " samt ", ", and ")
    if len(members) > 1 and any(conjunction in member for member in members):
        return ", ".join(members[:-1]) + stronger + members[-1]
    return format_list(members, locale=_locale(language))


def day(instant: datetime, zone: ZoneInfo, language: str) -> str:
    """The date in that zone. Example: 15 oktober 2019"""
    return whole_day(instant.astimezone(zone).date(), language)


def whole_day(date_: date, language: str) -> str:
    """A date that no instant is meant by. Example: 15 October 2019"""
    return format_date(date_, "d MMMM y", locale=_locale(language))


def moment(instant: datetime, zone: ZoneInfo, language: str, *, seconds: bool = False) -> str:
    """Date, time and whose time it is. Example: 15 oktober 2019 kl. 23.59 (svensk tid)"""
    time = either(language, "'kl.' HH.mm", "'at' HH:mm")
    time += either(language, ".ss", ":ss") if seconds else ""
    told = format_datetime(instant, f"d MMMM y {time}", tzinfo=zone, locale=_locale(language))
    return f"{told} ({zone_name(zone, language)})"


def zone_name(zone: ZoneInfo, language: str) -> str:
    """Whose time it is. Example: svensk tid; for other zones CLDR's name, as 'Eastern European Time'"""
    if zone.key == SWEDEN:
        return either(language, "svensk tid", "Swedish time")
    if zone.key in ("UTC", "Etc/UTC"):  # CLDR names UTC for a season only, though it has none.
        return get_timezone_name(zone, zone_variant="standard", locale=_locale(language))
    return get_timezone_name(zone, zone_variant="generic", locale=_locale(language))


def month(text: str, language: str) -> str:
    """A month written YYYY-MM. Example: januari 2020"""
    return format_date(date.fromisoformat(f"{text}-01"), "MMMM y", locale=_locale(language))


def time_left(left: timedelta, language: str) -> str:
    """Never more than there is: days from two of them on, then hours, then minutes. Example: 3 dagar"""
    known = either(language, "sv", "en")
    if left >= _HOURS_TOLD_AS_DAYS:
        return counted(left.days, _DAYS[known])
    if left >= _MINUTES_TOLD_AS_HOURS:
        return counted(left // timedelta(hours=1), _HOURS[known])
    minutes = left // timedelta(minutes=1)
    if minutes < 1:
        return either(language, "mindre än en minut", "less than a minute")
    return counted(minutes, _MINUTES[known])


def swedish_order(text: str) -> tuple[str, str, str]:
    """A key to sort by: … Z Å Ä Ö, without regard to case and to how accents are encoded."""
    folded = unicodedata.normalize("NFC", text).casefold()
    letters = unicodedata.normalize("NFD", folded.translate(_AFTER_Z))
    return "".join(letter for letter in letters if not unicodedata.combining(letter)), folded, text
