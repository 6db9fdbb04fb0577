"""How single values are shown: amounts, times, states, people, places of problems. Pure; `language` is sv or en."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping
from datetime import timedelta
from zoneinfo import ZoneInfo

from shared.instants import parse_iso
from shared.problems import NO_BREAK_SPACE, Problem, grouped
from shared.wording import counted, either, moment, time_left, zone_name

NOTHING = "–"

PHASES = {
    "scheduled": ("planerad", "scheduled"),
    "open": ("öppen", "open"),
    "grace": ("sista uppladdningarna", "last uploads arriving"),
    "closing": ("stänger", "closing"),
    "closed": ("stängd", "closed"),
    "decided": ("beslutad", "decided"),
    "announced": ("offentliggjord", "announced"),
}
STATES = {
    "draft": ("utkast", "draft"),
    "submitted": ("inskickad", "submitted"),
    "refused": ("inte godtagen", "not accepted"),
    "withdrawn": ("återkallad", "withdrawn"),
}
STATES_OF_MANY = {
    "submitted": ("inskickade", "submitted"),
    "refused": ("inte godtagna", "not accepted"),
    "withdrawn": ("återkallade", "withdrawn"),
}
OUTCOMES_OF_ONE = {
    "accepted": ("godtagen", "accepted"),
    "rejected": ("avvisad", "rejected"),
    "late": ("för sen", "late"),
    "duplicate": ("dubblett", "duplicate"),
}
OUTCOMES = {
    "accepted": ("godtagna", "accepted"),
    "rejected": ("avvisade", "rejected"),
    "late": ("för sena", "late"),
    "duplicate": ("dubbletter", "duplicates"),
}
EVENTS = {
    "round created": ("omgången skapades", "round created"),
    "round open": ("omgången öppnade", "round opened"),
    "round extended": ("tiden förlängdes", "round extended"),
    "round closed early": ("omgången stängdes i förtid", "round closed early"),
    "round closing": ("omgången började stänga", "round began to close"),
    "round closed": ("omgången stängdes", "round closed"),
    "application withdrawn": ("en ansökan återkallades", "application withdrawn"),
    "applicant let in": ("en sökande släpptes in", "applicant let in"),
    "completion asked for": ("komplettering begärdes", "completion asked for"),
    "exception ended": ("ett undantag avslutades", "exception ended"),
    "exceptions certified": ("insläppta fick sitt intyg", "exceptions certified"),
    "application withdrawn by staff": ("en återkallelse antecknades", "withdrawal registered"),
    "decisions entered": ("besluten lämnades in", "decisions handed in"),
    "decisions approved": ("besluten godkändes", "decisions approved"),
    "correction entered": ("en rättelse lämnades in", "correction handed in"),
    "correction approved": ("rättelsen godkändes", "correction approved"),
    "approval taken back": ("godkännandet togs tillbaka", "approval taken back"),
    "announcement approved": ("tillkännagivandet godkändes", "announcement approved"),
    "announcement timed": ("tillkännagivandet fick en tid", "announcement timed"),
    "announcement called off": ("tillkännagivandet ställdes in", "announcement called off"),
    "announcement held back": ("tillkännagivandet hölls tillbaka", "announcement held back"),
    "announcement published": ("tillkännagivandet publicerades", "announcement published"),
}
_ACTORS = {
    "scheduled job": ("schemalagt jobb", "scheduled job"),
    "applicant": ("den sökande", "applicant"),
}


def word(words: Mapping[str, tuple[str, str]], code: str, language: str) -> str:
    """The word for a code, or the code itself where a newer service knows one that this command does not."""
    return either(language, *words[code]) if code in words else code


def plain(text: str | None) -> str:
    """Text of other people's on one line, without anything that a terminal would obey."""
    if not text:
        return NOTHING
    harmless = (one if one.isprintable() or one == NO_BREAK_SPACE else " " for one in text)
    return re.sub(" +", " ", "".join(harmless)).strip(" ")


def tally(counts: Mapping[str, int], words: Mapping[str, tuple[str, str]], language: str) -> str:
    """Example: godtagna 12, avvisade 1, för sena 0, dubbletter 0"""
    return ", ".join(f"{word(words, code, language)} {amount(count)}" for code, count in counts.items())


def amount(value: int | None) -> str:
    """Whole kronor without their name, or a dash."""
    return NOTHING if value is None else grouped(value)


def stamp(instant: str | None, zone: str) -> str:
    """Date and time in that zone, for a table whose heading names the zone. Example: 2019-10-15 23:59:59"""
    return NOTHING if instant is None else f"{parse_iso(instant).astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S}"


def when(instant: str, zone: str, language: str) -> str:
    """Date, time and whose time it is. Example: 15 oktober 2019 kl. 23.59.59 (svensk tid)"""
    return moment(parse_iso(instant), ZoneInfo(zone), language, seconds=True)


def whose_time(zone: str, language: str) -> str:
    """Example: svensk tid"""
    return zone_name(ZoneInfo(zone), language)


def age(seconds: int, language: str) -> str:
    """How old something is, rounded down. Example: 3 dagar"""
    return time_left(timedelta(seconds=seconds), language)


def duration(seconds: int, language: str) -> str:
    """Exactly, in whole minutes where they are whole. Example: 15 minuter, 90 sekunder"""
    if seconds % 60:
        return counted(seconds, either(language, "sekund sekunder", "second seconds").split())
    return counted(seconds // 60, either(language, "minut minuter", "minute minutes").split())


def size(count: int) -> str:
    """A file's size, rounded up so that nothing is 0. Example: 412 kB"""
    unit, name = (1_000_000, "MB") if count >= 1_000_000 else (1_000, "kB")
    return f"{grouped(-(-count // unit))} {name}"


def person(who: str, language: str) -> str:
    """Whom the audit trail names, without the account. Example: arn:aws:iam::123456789012:user/anna → anna"""
    return plain(who.rpartition("/")[2]) if who.startswith("arn:") else word(_ACTORS, who, language)


def where(path: str, language: str) -> str:
    """Where a problem is. Examples: 12.amount → rad 12, amount; 12.N.Belopp (kr) → rad 12, kolumn N, Belopp (kr);
    budget.0.amount → budget.0.amount"""
    first, _, column = path.partition(".")
    if not first.isdecimal():
        return path
    row = either(language, f"rad {first}", f"row {first}")
    letter, _, heading = column.partition(".")
    if heading:
        return row + either(language, f", kolumn {letter}, {heading}", f", column {letter}, {heading}")
    return row + (f", {column}" if column else "")


def told(problem: Problem, language: str) -> str:
    """The problem with its place. Example: row 12, amount: An award must have an amount."""
    sentence = either(language, problem.sv, problem.en)
    place = where(problem.path, language)
    return f"{place}: {sentence}" if place else sentence


def labelled(pairs: Iterable[tuple[str, str]], width: int) -> str:
    """Labels in a column and their values beside them, broken between words only, never within an amount."""
    rows = list(pairs)
    column = max((len(label) for label, _ in rows), default=0) + 2
    lines: list[str] = []
    for label, value in rows:
        broken = textwrap.wrap(value, max(20, width - column), break_on_hyphens=False) or [NOTHING]
        lines.append(label.ljust(column) + broken[0])
        lines += [" " * column + further for further in broken[1:]]
    return "\n".join(lines)
