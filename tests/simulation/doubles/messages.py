"""SQS, SNS, SES and Lambda's asynchronous door in memory."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from shared.aws.messages import Functions, Letter, Mailer, Queue, Topic, subject_line
from shared.letters import in_two_forms
from tests.simulation.doubles.wire import Wire

MOST_MESSAGE_BYTES = 262_144
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Waiting:
    """A message in a queue. It is in sight from `visible_at` on."""

    id: str
    body: str
    sent_at: datetime
    visible_at: datetime
    attributes: Mapping[str, str]
    receipt: str = ""
    received: int = 0


class MemoryQueue(Queue):
    """One standard queue: at least once, in no order."""

    def __init__(self, name: str, clock: Callable[[], datetime], wire: Wire | None = None) -> None:
        self.url = f"https://sqs.eu-north-1.amazonaws.com/123456789012/{name}"
        self._clock = clock
        self._wire = wire or Wire()
        self._numbers = itertools.count(1)
        self.waiting: dict[str, Waiting] = {}
        self.entered: dict[str, datetime] = {}
        """When each body came in last."""
        self.removed: Callable[[Waiting], None] = lambda one: None  # noqa: ARG005

    def count(self) -> int:
        return self._wire.call("count", lambda: sum(one.visible_at <= self._clock() for one in self.waiting.values()))

    def send(self, body: Mapping[str, Any]) -> None:
        self._wire.call("send", lambda: self.put(json.dumps(body)))

    def send_text(self, body: str) -> None:
        self._wire.call("send_text", lambda: self.put(body))

    def receive(self, *, hidden_seconds: int) -> list[Letter]:
        return self._wire.call("receive", lambda: self.take(10, timedelta(seconds=hidden_seconds)))

    def show_again(self, letter: Letter) -> None:
        self._wire.call("show_again", lambda: self._show_again(letter))

    def delete(self, letter: Letter) -> None:
        self._wire.call("delete", lambda: self.remove(letter.id, letter.receipt))

    def _show_again(self, letter: Letter) -> None:
        found, now = self.waiting.get(letter.id), self._clock()
        if found is None or found.receipt != letter.receipt or found.visible_at <= now:
            raise ClientError({"Error": {"Code": "MessageNotInflight", "Message": letter.id}}, "ChangeVisibility")
        found.visible_at = now

    # --- what AWS itself does with it ---

    def put(self, body: str, attributes: Mapping[str, str] | None = None) -> str:
        """A new message."""
        now = self._clock()
        number = f"{self.name}-{next(self._numbers)}"
        self.waiting[number] = Waiting(number, body, now, now, attributes or {})
        self.entered[body] = now
        return number

    def take(self, most: int, hidden: timedelta) -> list[Letter]:
        """Messages in sight, and out of sight from now on."""
        now = self._clock()
        seen = [one for one in self.waiting.values() if one.visible_at <= now]
        self._wire.shuffle(seen)
        for one in seen[:most]:
            one.visible_at = now + hidden
            one.received += 1
            one.receipt = f"{one.id}/{one.received}"
        return [
            Letter(one.id, one.body, one.receipt, (one.sent_at - _EPOCH) // timedelta(seconds=1), one.attributes)
            for one in seen[:most]
        ]

    def remove(self, message: str, receipt: str) -> None:
        """Delete, where the receipt is the latest one."""
        found = self.waiting.get(message)
        if found is not None and found.receipt == receipt:
            del self.waiting[message]
            self.removed(found)


@dataclass(frozen=True, slots=True)
class Published:
    """What subscribers got. `document` is None for a message for people alone."""

    subject: str
    text: str
    document: Mapping[str, Any] | None
    attributes: Mapping[str, str | list[str]]


class MemoryTopic(Topic):
    """One topic. `sent` is told of every message that went out."""

    def __init__(self, sent: Callable[[Published], None] | None = None, wire: Wire | None = None) -> None:
        self._wire = wire or Wire()
        self.published: list[Published] = []
        self.subscribed: dict[str, bool] = {}
        self._sent = sent

    def subscribers(self) -> dict[str, bool]:
        return self._wire.call("subscribers", lambda: dict(self.subscribed))

    def publish_text(self, subject: str, text: str, *, effect: str) -> str:
        message = Published(subject, text, None, {"effect": effect})
        return self._wire.call("publish_text", lambda: self._publish(message, text))

    def publish_both(
        self,
        subject: str,
        text: str,
        document: Mapping[str, Any],
        attributes: Mapping[str, str | list[str]],
        *,
        effect: str,
    ) -> str:
        kept = {name: value for name, value in {**attributes, "effect": effect}.items() if value}
        message = Published(subject, text, document, kept)
        return self._wire.call("publish_both", lambda: self._publish(message, in_two_forms(text, document)))

    def _publish(self, message: Published, raw: str) -> str:
        subject = subject_line(message.subject)
        if not raw or not subject or len(raw.encode()) > MOST_MESSAGE_BYTES:
            raise ClientError({"Error": {"Code": "InvalidParameter", "Message": "message"}}, "Publish")
        self.published.append(Published(subject, message.text, message.document, message.attributes))
        if self._sent:
            self._sent(self.published[-1])
        return f"sns-{len(self.published)}"


@dataclass(frozen=True, slots=True)
class Mail:
    """An e-mail as it left. `effect` is the header that a repeat is recognised by."""

    to: str
    subject: str
    text: str
    effect: str


def refusal(code: str) -> ClientError:
    """What SES answers to a letter that it does not take, at the first request."""
    answer = {"HTTPStatusCode": 400, "RetryAttempts": 0}
    said = {"Error": {"Code": code, "Message": "refused"}, "ResponseMetadata": answer}
    return ClientError(said, "SendEmail")  # type: ignore[arg-type]


class MemoryMailer(Mailer):
    """One sender. SES takes no letters outside ASCII before the @, and says so with an error. Those that `refuses` says
    it rejects, as in its sandbox, where each recipient has to be verified."""

    def __init__(self, sent: Callable[[Mail], None] | None = None, wire: Wire | None = None) -> None:
        self._wire = wire or Wire()
        self.mails: list[Mail] = []
        self.refuses: Callable[[Mail], bool] = lambda mail: False  # noqa: ARG005
        self._sent = sent

    def send(self, to: str, subject: str, text: str, *, effect: str) -> str:
        return self._wire.call("mail", lambda: self._send(Mail(to, subject_line(subject), text, effect)))

    def _send(self, mail: Mail) -> str:
        if not mail.to.partition("@")[0].isascii():
            raise refusal("BadRequestException")
        if self.refuses(mail):
            raise refusal("MessageRejected")
        self.mails.append(mail)
        if self._sent:
            self._sent(mail)
        return f"ses-{len(self.mails)}"


@dataclass
class MemoryFunctions(Functions):
    """Lambda takes the event and answers; `start_later` decides when the function runs."""

    start_later: Callable[[str, dict[str, Any]], None]
    wire: Wire = field(default_factory=Wire)
    taken: Callable[[str, Mapping[str, Any]], None] = lambda name, event: None  # noqa: ARG005
    """Told of each event that Lambda has taken."""

    def start(self, name: str, event: Mapping[str, Any]) -> None:
        kept = json.loads(json.dumps(event))

        def take() -> None:
            self.taken(name, kept)
            self.start_later(name, kept)

        self.wire.call("start", take)
