"""One letter to one applicant, once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from shared.aws.effects import BusyError, Effects
from shared.aws.messages import Mailer
from shared.aws.table import ConditionFailedError, ConflictError
from shared.letters import Letter


class Work(Protocol):
    """Sends one letter; says whether it went out now. Raises BusyError where somebody else is at it."""

    def __call__(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Sending:
    """How letters leave. Without a sender (`mailer` is None) none does."""

    effects: Effects
    mailer: Mailer | None
    now: Callable[[], datetime]

    def deliver(
        self,
        round_id: str,
        effect: str,
        message: tuple[str, Letter] | None,
        *,
        keep: bool = False,
        holds: Callable[[], bool] | None = None,
    ) -> bool:
        """Send the message, which is to whom and what, unless that was done; None is sent to nobody. `keep` is for a
        letter that would read otherwise at a second try: what the first try was to send is noted, and sent, unless no
        try can have gone out. `holds` is asked once the letter is claimed, when others can see that it has
        begun: whether it is still to go out. What SES plainly refused has not begun. Returns whether it went out now.
        Raises BusyError as `Effects.claim` does."""
        if self.mailer is None or message is None:
            return False
        to, letter = message
        with self.effects.once(round_id, effect, self.now(), untried=_was_refused) as mine:
            if mine and holds is not None and not holds():
                self.effects.give_back(round_id, effect, untried=True)
                return False
            if mine:
                sent = {"to": to, "subject": letter.subject, "text": letter.text}
                if keep:
                    sent = dict(self.effects.keep(round_id, effect, sent))
                message_id = self.mailer.send(sent["to"], sent["subject"], sent["text"], effect=effect)
                self.effects.done(round_id, effect, self.now(), message_id=message_id)
        return mine


def is_of_one_letter(error: Exception) -> bool:
    """Whether a letter failed by itself: SES does not take this one, or nothing can be made of what it would tell of.
    What else AWS answers it may answer to the next letter too, and otherwise at another try; and so may whoever else
    is at it."""
    if isinstance(error, ClientError):
        return error.operation_name == "SendEmail" and error.response["Error"].get("Code") in _ABOUT_ONE_LETTER
    return not isinstance(error, _PASSING)


_ABOUT_ONE_LETTER = ("MessageRejected", "BadRequestException")
"""SES API v2 reference, SendEmail. The other errors are about the account, the sender or how much is sent. The first
can be about the sender too (one that is not verified); then every letter is refused, and waiting would not help."""
_PASSING = (BotoCoreError, ResponseParserError, BusyError, ConflictError, ConditionFailedError)


def _was_refused(error: Exception) -> bool:
    """Whether SES refused the only request that there was. After a repeated one the letter may have gone out: the first
    answer can have been lost. So it may where it is the table that refuses to note what became of it."""
    if not isinstance(error, ClientError) or error.operation_name != "SendEmail":
        return False
    answer = error.response.get("ResponseMetadata", {})
    return answer.get("HTTPStatusCode", 500) < 500 and answer.get("RetryAttempts", 1) == 0
