"""What a correction says beside the awards: why it is made, and every award that is otherwise than before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from functions.announce.awards import Award
from shared.letters import bullets, one_line, paragraph, section
from shared.references import spaced
from shared.results import prose
from shared.wording import counted, either, swedish_order

_GRANTS = {"sv": ("bidrag", "bidrag"), "en": ("grant", "grants")}


@dataclass(frozen=True, slots=True)
class Change:
    """An award before and after; None where there was none, or is none any more."""

    before: Award | None
    after: Award | None

    @property
    def award(self) -> Award:
        """The award that it is about, as it is or was last."""
        one = self.after or self.before
        if one is None:
            raise ValueError("a change of nothing")
        return one


@dataclass(frozen=True, slots=True)
class Correction:
    """Why, in both languages, and what. Changes are in Swedish order of their grantees."""

    reason: Mapping[str, str]
    changes: tuple[Change, ...]


def correction(reason: Mapping[str, str], before: Iterable[Award], after: Iterable[Award]) -> Correction:
    """What of the awards is otherwise than before."""
    was, now = ({award.application: award for award in awards} for awards in (before, after))
    found = [Change(was.get(one), now.get(one)) for one in was.keys() | now.keys()]
    changed = [one for one in found if _amount(one.before) != _amount(one.after)]
    return Correction(
        reason, tuple(sorted(changed, key=lambda one: (swedish_order(one.award.applicant.name), one.award.application)))
    )


def _amount(award: Award | None) -> int | None:
    return award.amount if award else None


def replaces(number: int, made: Correction | None, language: str) -> str:
    """Which announcement this is, and why there is another one; nothing for a round's first."""
    if number == 1:
        return ""
    return paragraph(
        either(
            language,
            f"Det här är tillkännagivande {number} för omgången. Det ersätter tillkännagivande {number - 1}.",
            f"This is announcement {number} for the round. It replaces announcement {number - 1}.",
        ),
        f"{either(language, 'Skäl:', 'Reason:')} {made.reason[either(language, 'sv', 'en')]}" if made else "",
    )


def corrected(made: Correction | None, language: str, *, each: bool) -> str:
    """Every change on a line, or only how many there are."""
    if made is None:
        return ""
    heading = prose.corrections(language)
    if each:
        return section(heading, bullets([line] for line in _lines(made, language)))
    count = counted(len(made.changes), _GRANTS[either(language, "sv", "en")])
    return section(heading, paragraph(either(language, f"{count} har ändrats.", f"{count} changed.")))


def _lines(made: Correction, language: str) -> Iterator[str]:
    for change in made.changes:
        what = prose.corrected(_amount(change.before), _amount(change.after), language)
        yield f"{one_line(change.award.applicant.name)}, {one_line(change.award.title)}: {what}"


def document(number: int, made: Correction) -> dict[str, Any]:
    """For machines; see shared/schemas/announcement-1.json."""
    return {
        "number": number - 1,
        "reason": dict(made.reason),
        "changes": [
            {
                "reference": spaced(change.award.application),
                "before": _amount(change.before),
                "after": _amount(change.after),
            }
            for change in made.changes
        ],
    }
