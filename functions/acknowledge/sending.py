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

    def deliver(
        self, round_id: str, effect: str, message: tuple[str, Letter] | None, *, keep: bool = False, **facts: Any
    ) -> bool:
        """Send the message, which is to whom and what, unless that was done; None is sent to nobody. The facts are
        noted with the effect. `keep` is for a letter that would read otherwise at a second try: what the first try was
        to send is noted, and sent. Returns whether it went out now. Raises BusyError as `Effects.claim` does."""
        if self.mailer is None or message is None:
            return False
        to, letter = message
        with self.effects.once(round_id, effect, self.now()) as mine:
            if mine:
                sent = {"to": to, "subject": letter.subject, "text": letter.text}
                if keep:
                    sent = dict(self.effects.keep(round_id, effect, sent))
                message_id = self.mailer.send(sent["to"], sent["subject"], sent["text"], effect=effect)
                self.effects.done(round_id, effect, self.now(), message_id=message_id, **facts)
        return mine
