"""Applicants whose letters SES does not take, until somebody has seen to it: as in its sandbox, where each recipient
has to be verified."""

from __future__ import annotations

from datetime import datetime, timedelta

from shared import keys
from shared.submissions import Submission
from tests.simulation.cloud import OPENS, ROUND
from tests.simulation.doubles.messages import Mail
from tests.simulation.doubles.table import Change
from tests.simulation.kernel import Task
from tests.simulation.world import World

_WORLDS, _APPLICANTS = 0.2, 0.5
"""In which share of the worlds, and of whose letters there."""


class Refusals:
    """Decides of whom, and judges what the stream's function makes of it."""

    def __init__(self, world: World) -> None:
        self.world, self.cloud, self.dice = world, world.cloud, world.dice("refusals")
        happens = world.happens("SES refuses some applicants' letters", _WORLDS, self.dice) and not world.calm
        # Some begin to be taken while the round is open, others when its letters have been asked for many times.
        hour = (world.closes - OPENS).total_seconds() + 3600
        self.until = OPENS + timedelta(seconds=self.dice.uniform(0, hour) if happens else 0)
        self._whose: dict[str, bool] = {}
        self.last: dict[str, datetime] = {}
        """When SES refused each letter last."""
        self.cloud.mailer.refuses = self._refuses

    def _refuses(self, mail: Mail) -> bool:
        if not self.world.faulty or self.cloud.now >= self.until:
            return False
        whose = next((part for part in mail.effect.split("-") if self._is_known(part)), "")
        if whose not in self._whose:
            self._whose[whose] = self.world.happens(f"SES refuses letters to {whose}", _APPLICANTS, self.dice)
        if self._whose[whose]:
            self.world.kernel.refused(mail.effect)
            self.last[mail.effect] = self.cloud.now
        return self._whose[whose]

    def _is_known(self, application: str) -> bool:
        return self.cloud.table.peek(keys.application_key(ROUND, application)) is not None

    def passed_over(self, task: Task, wanted: list[tuple[int, Change]], failed: int | None) -> bool:
        """Whether the function went on behind a letter that SES refused, in a batch of records up to the one that is to
        come again. It has to: nobody waits for somebody else's letter."""
        refused = {number for number, change in wanted if receipt_of(change) in task.refused}
        if failed in refused and not task.injected and not task.conflicts:
            seen = f"everybody waits for a letter that SES refused, in {task.name}"
            self.cloud.watch.found("a-poison-message-holds-back-no-neighbour", seen)
        return any(failed is None or number < failed for number in refused)


def receipt_of(change: Change) -> str:
    """What the receipt of a recorded outcome is called."""
    return receipt_named(Submission.from_item(change.after or {}))


def receipt_named(submission: Submission) -> str:
    """What its receipt is called."""
    return keys.receipt_effect(submission.application, submission.submission, submission.version_id)
