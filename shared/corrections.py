"""Corrections of what was announced: why, what changes, and the digest that the second person approves."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

from shared.decisions import Decision, DecisionKind
from shared.letters import one_line

_Sentence = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=10, max_length=500),
    AfterValidator(one_line),
]


class Reason(BaseModel):
    """What was wrong, for everybody to read. Both languages, whatever the programme's are: pages have both."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    sv: _Sentence
    en: _Sentence


@dataclass(frozen=True, slots=True)
class Change:
    """One award before and after, in whole kronor; None where there was none, or is none any more."""

    application: str
    before: int | None
    after: int | None


def changes(before: Iterable[Decision], after: Iterable[Decision]) -> tuple[Change, ...]:
    """What is awarded otherwise than before, by application. Decisions that award what they did are no change, nor
    is another motivation: neither was announced."""
    was, now = _awards(before), _awards(after)
    found = (Change(one, was.get(one), now.get(one)) for one in sorted(was.keys() | now.keys()))
    return tuple(one for one in found if one.before != one.after)


def _awards(decisions: Iterable[Decision]) -> dict[str, int]:
    return {one.application: one.amount for one in decisions if one.kind is DecisionKind.AWARD}


def correction_digest(number: int, decisions: str, reason: Mapping[str, str]) -> str:
    """SHA-256 over all that is approved: which announcement, the decisions (by their own digest), what is said of
    them in each language."""
    content = {"number": number, "decisions": decisions, "reason": dict(reason)}
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
