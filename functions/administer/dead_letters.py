"""What could not be handled: shown with its reason and age, and put back one by one or all.

Uploads go back to the queue they came from. The jobs' letters (a schedule that could not start its function, a
function or stream that failed too often) hold nothing of their own: everything that they would have done
follows from rows, so putting one back means running that job again now.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.aws.messages import Functions, Letter, Queue
from shared.problems import refuse

_HIDDEN_SECONDS = 20
"""How long a letter that is being looked at stays out of sight of another look."""
_MOST_BATCHES = 50


@dataclass(frozen=True, slots=True)
class DeadLetters:
    """The two dead-letter queues, and where their letters go back to."""

    failed_uploads: Queue
    uploads: Queue
    failed_jobs: Queue
    functions: Functions
    advance: str
    acknowledge: str
    summarise: str
    now: Callable[[], datetime]

    def show(self) -> list[dict[str, Any]]:
        """Every letter with its queue, age in seconds, reason and body; all stay where they are."""
        letters = self._take()
        for queue, letter in letters:
            queue.show_again(letter)
        return [self._described(queue, letter) for queue, letter in letters]

    def redrive(self, ids: list[str] | None) -> int:
        """Put back the letters with these ids, or all of them. Returns how many.

        Raises ProblemsError with status 404 for an id that no queue holds; the others have been put back then.
        A letter is deleted after it was put back: dying in between repeats it, which changes nothing.
        """
        letters = self._take()
        chosen = [one for one in letters if ids is None or one[1].id in ids]
        for queue, letter in letters:
            if (queue, letter) in chosen:
                self._put_back(queue, letter)
                queue.delete(letter)
            else:
                queue.show_again(letter)
        absent = set(ids or ()) - {letter.id for _, letter in chosen}
        if absent:
            raise refuse("no-such-dead-letter", "ids", status=404, given=", ".join(sorted(absent)))
        return len(chosen)

    def _take(self) -> list[tuple[Queue, Letter]]:
        taken: list[tuple[Queue, Letter]] = []
        for queue in (self.failed_uploads, self.failed_jobs):
            for _ in range(_MOST_BATCHES):
                letters = queue.receive(hidden_seconds=_HIDDEN_SECONDS)
                if not letters:
                    break
                taken += [(queue, letter) for letter in letters]
        return taken

    def _put_back(self, queue: Queue, letter: Letter) -> None:
        if queue is self.failed_uploads:
            self.uploads.send_text(letter.body)
            return
        name, event = self._job(letter)
        self.functions.start(name, event)

    def _job(self, letter: Letter) -> tuple[str, dict[str, Any]]:
        body = _json(letter.body)
        request = body.get("requestPayload", body)
        if "DDBStreamBatchInfo" in body or (isinstance(request, dict) and "resend" in request):
            return self.acknowledge, {"resend": True}
        if isinstance(request, dict) and "summary" in request:
            return self.summarise, request
        return self.advance, {"source": "redrive"}

    def _described(self, queue: Queue, letter: Letter) -> dict[str, Any]:
        return {
            "queue": queue.name,
            "id": letter.id,
            "age_seconds": max(0, int(self.now().timestamp()) - letter.sent_at),
            "reason": _reason(letter),
            "body": letter.body,
        }


def _reason(letter: Letter) -> str:
    named = letter.attributes.get("ERROR_MESSAGE") or letter.attributes.get("ErrorMessage")
    if named:
        return named
    body = _json(letter.body)
    condition = body.get("requestContext", {}).get("condition")
    return str(condition or "failed on every try")


def _json(text: str) -> dict[str, Any]:
    try:
        body = json.loads(text)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
