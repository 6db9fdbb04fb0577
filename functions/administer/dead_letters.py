"""What could not be handled: shown with its reason and age, and put back one by one or all.

Uploads go back to the queue they came from. The jobs' letters (a schedule that could not start its function, a
function or stream that failed too often) hold nothing of their own: everything that they would have done
follows from rows, so putting one back means running that job again now.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.aws.failures import read_failures
from shared.aws.messages import Functions, Letter, Queue
from shared.aws.table import Table
from shared.problems import refuse

_HIDDEN_SECONDS = 20
"""How long a letter that is being looked at stays out of sight of another look."""
_MOST_BATCHES = 50
_UNREADABLE = "not a message about an upload"
_UNKNOWN = "failed on every try"
Job = tuple[str, dict[str, Any]]


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
    table: Table

    def show(self) -> tuple[list[dict[str, Any]], bool]:
        """Letters with their queue, age in seconds, reason and body, and whether there may be more than these; all
        stay where they are."""
        shown: list[tuple[Queue, Letter]] = []
        more = False
        for queue in (self.failed_uploads, self.failed_jobs):
            batches = list(_batches(queue))
            more = more or len(batches) == _MOST_BATCHES
            taken = [letter for batch in batches for letter in batch]
            for letter in taken:
                queue.show_again(letter)
            # One that came back into sight meanwhile was taken twice.
            shown += [(queue, letter) for letter in {letter.id: letter for letter in taken}.values()]
        reasons = read_failures(self.table, {upload for _, letter in shown if (upload := _upload(letter)) is not None})
        return [self._described(queue, letter, reasons) for queue, letter in shown], more

    def redrive(self, ids: list[str] | None) -> tuple[int, bool]:
        """Put back the letters with these ids, or all of them. Returns how many, and whether there may be more.

        Raises ProblemsError with status 404 for an id that no queue holds; the others have been put back then.
        A letter is deleted after it was put back: dying in between repeats it, which changes nothing.
        """
        wanted = None if ids is None else set(ids)
        uploads, more_uploads = self._redrive_uploads(wanted)
        jobs, more_jobs = self._redrive_jobs(wanted)
        redriven = uploads | jobs
        absent = (wanted or set()) - redriven
        if absent:
            raise refuse("no-such-dead-letter", "ids", status=404, given=", ".join(sorted(absent)))
        return len(redriven), more_uploads or more_jobs

    def _redrive_uploads(self, wanted: Collection[str] | None) -> tuple[set[str], bool]:
        """A few at a time: whoever comes after somebody that died half-way finds all but those few at once."""
        redriven, kept, batches = set(), [], 0
        for batch in _batches(self.failed_uploads):
            batches += 1
            for letter in batch:
                if wanted is None or letter.id in wanted:
                    self.uploads.send_text(letter.body)
                    self.failed_uploads.delete(letter)
                    redriven.add(letter.id)
                else:
                    kept.append(letter)
        for letter in kept:
            self.failed_uploads.show_again(letter)
        return redriven, batches == _MOST_BATCHES

    def _redrive_jobs(self, wanted: Collection[str] | None) -> tuple[set[str], bool]:
        """All at once, and each job once: it does everything that is due, however many letters ask for it. One that
        fails at once comes back as a new letter, which must not be taken for one of these."""
        batches = list(_batches(self.failed_jobs))
        letters = {letter.id: letter for batch in batches for letter in batch}
        chosen = [letter for letter in letters.values() if wanted is None or letter.id in wanted]
        jobs: list[Job] = []
        for letter in chosen:
            if (job := self._job(letter)) not in jobs:
                jobs.append(job)
                self.functions.start(*job)
        for letter in chosen:
            self.failed_jobs.delete(letter)
        for letter in letters.values():
            if letter not in chosen:
                self.failed_jobs.show_again(letter)
        return {letter.id for letter in chosen}, len(batches) == _MOST_BATCHES

    def _job(self, letter: Letter) -> Job:
        body = _json(letter.body)
        request = body.get("requestPayload", body)
        asked = request if isinstance(request, dict) else {}
        if "DDBStreamBatchInfo" in body or {"resend", "owed", "notify", "unsent"} & asked.keys():
            return self.acknowledge, {"resend": True}
        if "summary" in asked:
            return self.summarise, asked
        return self.advance, {"source": "redrive"}

    def _described(self, queue: Queue, letter: Letter, reasons: dict[tuple[str, str], str]) -> dict[str, Any]:
        return {
            "queue": queue.name,
            "id": letter.id,
            "age_seconds": max(0, int(self.now().timestamp()) - letter.sent_at),
            "reason": self._reason(queue, letter, reasons),
            "body": letter.body,
        }

    def _reason(self, queue: Queue, letter: Letter, reasons: dict[tuple[str, str], str]) -> str:
        named = letter.attributes.get("ERROR_MESSAGE") or letter.attributes.get("ErrorMessage")
        if named:
            return named
        if queue is self.failed_uploads:
            upload = _upload(letter)
            return _UNREADABLE if upload is None else reasons.get(upload, _UNKNOWN)
        body = _json(letter.body)
        answered = _object(body.get("responsePayload"))
        told = (_object(body.get("requestContext")).get("condition"), answered.get("errorType"))
        return ": ".join(str(one) for one in told if one) or _UNKNOWN


def _batches(queue: Queue) -> Iterator[Sequence[Letter]]:
    """The queue's letters, as many as one look can take, out of sight of another one."""
    for _ in range(_MOST_BATCHES):
        letters = queue.receive(hidden_seconds=_HIDDEN_SECONDS)
        if not letters:
            return
        yield letters


def _upload(letter: Letter) -> tuple[str, str] | None:
    """The object version that a letter is about, where it is about one."""
    found = _object(_object(_json(letter.body).get("detail")).get("object"))
    key, version_id = found.get("key"), found.get("version-id")
    return (key, version_id) if isinstance(key, str) and isinstance(version_id, str) and version_id else None


def _json(text: str) -> dict[str, Any]:
    try:
        return _object(json.loads(text))
    except ValueError:
        return {}


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
