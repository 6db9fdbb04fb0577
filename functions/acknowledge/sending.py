"""One letter to one applicant, once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.aws.effects import Effects
from shared.aws.messages import Mailer
from shared.letters import Letter


@dataclass(frozen=True, slots=True)
class Sending:
    """How letters leave. Without a sender (`mailer` is None) none does."""

    effects: Effects
    mailer: Mailer | None
    now: Callable[[], datetime]

    def deliver(self, round_id: str, effect: str, message: tuple[str, Letter] | None, **facts: Any) -> bool:
        """Send the message, which is to whom and what, unless that was done; None is sent to nobody. The facts are
        noted with the effect. Returns whether it went out now. Raises BusyError as `Effects.claim` does."""
        if self.mailer is None or message is None:
            return False
        to, letter = message
        with self.effects.once(round_id, effect, self.now()) as mine:
            if mine:
                message_id = self.mailer.send(to, letter.subject, letter.text, effect=effect)
                self.effects.done(round_id, effect, self.now(), message_id=message_id, **facts)
        return mine
