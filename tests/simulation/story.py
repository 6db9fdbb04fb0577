"""A failing seed told as a story: what can be left out is left out, and the rest is what it takes."""

from __future__ import annotations

from collections.abc import Iterator

from tests.simulation.running import Outcome, run


def shortened(failing: Outcome) -> tuple[Outcome, frozenset[str]]:
    """The same violation with as few happenings as can be found by leaving them out, large parts first.

    Returns it with what was left out: `run(seed, muted)` tells it again.
    """
    assert failing.violation is not None
    wanted, best = failing.violation.invariant, failing
    muted: frozenset[str] = frozenset()
    size = max(1, len(best.happened) // 2)
    while True:
        left, progress = list(dict.fromkeys(best.happened)), False
        for start in range(0, len(left), size):
            trial = muted | set(left[start : start + size])
            again = run(failing.seed, trial)
            if again.violation is not None and again.violation.invariant == wanted:
                best, muted, progress = again, trial, True
        if size == 1 and not progress:
            return best, muted
        size = max(1, size // 2)


def told(failing: Outcome, *, shorten: bool = True) -> Iterator[str]:
    """Line by line."""
    story, muted = shortened(failing) if shorten else (failing, frozenset[str]())
    assert story.violation is not None
    yield f"seed {failing.seed} breaks a promise: {story.violation.invariant}"
    yield f"  (the same with {len(muted)} of {len(muted) + len(story.happened)} happenings left out:)"
    yield from (f"  {line}" for line in story.notes)
    yield f"  and so: {story.violation}"
    yield f"again: make simulate SEED={failing.seed}"
