"""Decision letters as staff read them before they go out: without the addresses that they go to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from shared.applications import Application
from shared.decision_letters import DecisionLetters, Due
from shared.references import spaced

MOST_BYTES = 2_000_000
"""Of text in one answer. A function may answer with 6 MB, in which JSON escapes some characters."""


def one_answer(
    letters: DecisionLetters, due: Iterable[Due], applications: Mapping[str, Application]
) -> tuple[list[dict[str, Any]], str | None]:
    """As many of the letters as fit, and after which application to ask for more; None where these are all."""
    told: list[dict[str, Any]] = []
    size, last = 0, None
    for one in due:
        if size >= MOST_BYTES:
            return told, last
        application, last = applications[one.decision.application], one.decision.application
        message = letters.letter(application, one)
        if message is None or application.current is None:
            continue
        _, letter = message
        size += len(letter.subject.encode()) + len(letter.text.encode())
        told.append(
            {
                "reference": spaced(application.id),
                "applicant": application.current.facts.applicant.name,
                "language": application.told_in,
                "decision": one.decision.kind.value,
                "corrects": one.corrects,
                "subject": letter.subject,
                "text": letter.text,
            }
        )
    return told, None
