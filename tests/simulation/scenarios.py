"""The small worlds: each begins with a round, has a few events, and says how everything is finished."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

from functions.administer.administering import EarlyClosing, Extension
from functions.administer.exceptions import LettingIn, Withdrawal
from functions.announce.announcing import Announcing
from functions.apply.applying import Started
from functions.ingest.intake import Uploaded
from shared import keys
from shared.applications import Application
from shared.corrections import Reason
from shared.instants import iso
from shared.problems import ProblemsError
from shared.references import new_submission
from shared.rounds import RoundState
from tests.simulation import rest
from tests.simulation.cloud import DRAIN, OPENS, ROUND, Cloud
from tests.simulation.corpus import Paper, bad_papers, files, good_papers
from tests.simulation.delivery import message_of
from tests.simulation.people import filled_in
from tests.simulation.small import Event, a_copy
from tests.simulation.watch import Violation

CLOSES = OPENS + timedelta(minutes=10)
GRACE = 60
OVER = CLOSES + timedelta(seconds=GRACE) + DRAIN + timedelta(seconds=1)
LET_IN_UNTIL = OVER + timedelta(minutes=20)
Check = Callable[[Cloud], Iterator[Violation]]


# --- how worlds begin ---


class Beginning:
    """An open round, applications by number, documents that have arrived and not been ingested."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        cloud.create_round(CLOSES, GRACE)
        cloud.now = OPENS + timedelta(seconds=1)
        cloud.lifecycle.tick()
        self.started: list[Started] = []

    def application(self) -> Started:
        started = self.cloud.applying.start(ROUND, "sv")
        self.started.append(started)
        for file in files():
            self.cloud.bucket.put(keys.attachment_object(ROUND, started.application.id, file.sha256), file.content)
        return started

    def sent(self, started: Started, paper: Paper) -> Uploaded:
        self.cloud.now += timedelta(seconds=2)
        submission = new_submission(self.cloud.now, self.cloud.random(5))
        return document_there(self.cloud, started.application.id, submission, paper)


def with_uploads(count: int) -> tuple[Callable[[Cloud], None], list[Uploaded], list[Started]]:
    """Uploads of two applications: A, B and A again of the first, then one of the second, one refused."""
    uploads: list[Uploaded] = []
    applications: list[Started] = []

    def begin(cloud: Cloud) -> None:
        beginning = Beginning(cloud)
        first, second = beginning.application(), beginning.application()
        a, b, *_ = good_papers()
        plan = [(first, a), (first, b), (second, a), (first, a), (second, bad_papers()[0])]
        uploads[:] = [beginning.sent(*one) for one in plan[:count]]
        applications[:] = [first, second]

    return begin, uploads, applications


def with_outcomes(state: RoundState) -> tuple[Callable[[Cloud], None], list[Started]]:
    """Two applications sent and ingested, the first with two versions; the round brought to a state."""
    applications: list[Started] = []

    def begin(cloud: Cloud) -> None:
        prepare, uploads, started = with_uploads(3)
        prepare(cloud)
        applications[:] = started
        for upload in uploads:
            a_copy(cloud).ingest(upload)
        if state is not RoundState.OPEN:
            cloud.now = OVER
        if state in (RoundState.CLOSED, RoundState.DECIDED, RoundState.ANNOUNCED):
            cloud.lifecycle.tick()
        if state in (RoundState.DECIDED, RoundState.ANNOUNCED):
            digest = cloud.deciding.take_in(ROUND, filled(cloud, 1), "anna")["digest"]
            cloud.deciding.approve(ROUND, digest, "bertil")
        if state is RoundState.ANNOUNCED:
            cloud.announcing.publish(ROUND, _previewed(cloud), "bertil")

    return begin, applications


def filled(cloud: Cloud, share: int) -> bytes:
    return filled_in(cloud.deciding.list_out(ROUND), share, Random(1))


# --- how everything is finished ---


def settle(cloud: Cloud) -> None:
    """What the schedule, the queues and the stream do until nothing is left: past the end of the round."""
    call = cloud.watch.round(ROUND)
    last = max(call.last_arrival or OVER, (call.exceptions_until or OVER) + call.grace)
    cloud.now = max(cloud.now, last + DRAIN + timedelta(seconds=1))
    for _ in range(4):
        cloud.now += timedelta(minutes=3)
        _ingest_waiting(cloud)
        cloud.lifecycle.tick()
        started = list(cloud.started)
        cloud.started.clear()
        for name, event in started:
            _start(cloud, name, event)


def _ingest_waiting(cloud: Cloud) -> None:
    while letters := cloud.uploads.take(10, timedelta(minutes=6)):
        for letter in letters:
            named = json.loads(letter.body)["detail"]["object"]
            a_copy(cloud).ingest(Uploaded(named["key"], named["version-id"]))
            cloud.uploads.remove(letter.id, letter.receipt)


def _start(cloud: Cloud, name: str, event: dict[str, Any]) -> None:
    if name == "summarise" and event["summary"] == "closing":
        cloud.summarising.closing_summary(event["round"])
    elif name == "summarise":
        cloud.summarising.digests()
    elif name == "announce":
        cloud.announcing.finish(event["round"])
    elif name == "publish":
        cloud.publishing.publish(event["round"])
    elif name == "acknowledge" and "owed" in event:
        cloud.owing.settle(event["owed"], lambda: False)
    elif name == "acknowledge" and "notify" in event:
        cloud.owing.notify(event["notify"], lambda: False)
    elif name == "acknowledge" and "unsent" in event:
        cloud.owing.catch_up(lambda: False)
    elif name == "acknowledge":
        cloud.owing.resend(lambda: False)
    else:
        cloud.lifecycle.tick()


def leave(cloud: Cloud) -> None:
    """Nothing more happens."""


def uploads_only(cloud: Cloud) -> Iterator[Violation]:
    """For worlds that end while the round is open."""
    yield from rest._missing(cloud)
    yield from rest._applications(cloud)


def redelivered(uploads: Sequence[Uploaded]) -> Callable[[Cloud], None]:
    """Every upload is told once more."""

    def finish(cloud: Cloud) -> None:
        for upload in uploads:
            a_copy(cloud).ingest(upload)

    return finish


def told_to_nobody(cloud: Cloud) -> Iterator[Violation]:
    """For worlds in which nobody gets receipts."""
    letters = ("everybody-gets-a-receipt", "staff-are-told", "everybody-is-told-of-the-closing")
    return (one for one in rest.faults_at_rest(cloud) if one.invariant not in letters)


# --- events ---


def ingest(uploads: Sequence[Uploaded], number: int) -> Event:
    return Event(f"ingest {number}", lambda cloud: lambda: a_copy(cloud).ingest(uploads[number]))


def tick(number: int = 1) -> Event:
    return Event(f"tick {number}", lambda cloud: cloud.lifecycle.tick)


def person(name: str, ask: Callable[[Cloud], Any]) -> Event:
    """Somebody asks once; a refusal is an answer."""
    return Event(name, lambda cloud: lambda: asked(ask, cloud), retried=False)


def asked(ask: Callable[[Cloud], Any], cloud: Cloud) -> Any:
    try:
        return ask(cloud)
    except ProblemsError as error:
        return error


def withdraw(applications: Sequence[Started], number: int = 0) -> Event:
    return person("withdraw", lambda cloud: cloud.applying.withdraw(applications[number].link))


def withdraw_by_letter(applications: Sequence[Started]) -> Event:
    def ask(cloud: Cloud) -> Any:
        return cloud.exceptions.withdraw(ROUND, applications[0].application.id, Withdrawal(reason="Brev"), "anna")

    return person("withdraw by letter", ask)


def document_there(
    cloud: Cloud, application: str, submission: str, paper: Paper, received_at: datetime | None = None
) -> Uploaded:
    """A document as S3 has it that came by a form of its application, once for each submission."""
    key, stored = keys.document_object(ROUND, application, submission), cloud.bucket.objects
    if key not in stored:
        origin = Application.from_item(cloud.table.peek(keys.application_key(ROUND, application)) or {}).origin
        cloud.bucket.put(key, paper.content, paper.sha256, received_at, origin)
    return Uploaded(key, stored[key][0].version.version_id)


def sent_late(cloud: Cloud) -> Uploaded:
    """A document of somebody new, whom staff let in, with its files."""
    cloud.now += timedelta(minutes=2)
    request = LettingIn(until=iso(LET_IN_UNTIL), reason="Strömavbrott")
    reference = cloud.exceptions.let_in(ROUND, request, "anna")["application"]
    for file in files():
        cloud.bucket.put(keys.attachment_object(ROUND, reference, file.sha256), file.content)
    paper, submission = good_papers()[1], new_submission(cloud.now, bytes(5))
    return document_there(cloud, reference, submission, paper)


def turned_away(applications: Sequence[Started], number: int = 0) -> Event:
    from functions.apply.uploads import FormsRequest

    request = FormsRequest.model_validate({"document": {"size": 10, "sha256": "0" * 64}})
    return person("ask for forms", lambda cloud: cloud.applying.sign(applications[number].link, request))


def extend() -> Event:
    later = Extension(closes=iso(CLOSES + timedelta(minutes=30)), reason="Systemfel")
    return person("extend", lambda cloud: cloud.administering.extend(ROUND, later, "anna"))


def close_early() -> Event:
    return person("close early", lambda cloud: cloud.administering.close(ROUND, EarlyClosing(reason="Slut"), "anna"))


def approve(who: str) -> Event:
    def ask(cloud: Cloud) -> Any:
        decided = cloud.table.peek(keys.decisions_key(ROUND))
        return cloud.deciding.approve(ROUND, decided["digest"] if decided else "", who)

    return person(f"{who} approves", ask)


def take_back(who: str) -> Event:
    return person(f"{who} takes the approval back", lambda cloud: cloud.deciding.take_back(ROUND, "Fel belopp", who))


def take_in(who: str, share: int) -> Event:
    return person(f"{who} decides", lambda cloud: cloud.deciding.take_in(ROUND, filled(cloud, share), who))


def publish(who: str, number: int = 1) -> Event:
    def ask(cloud: Cloud) -> Any:
        announcing: Announcing = cloud.announcing
        return announcing.publish(ROUND, _previewed(cloud, number), who)

    return person(f"{who} publishes", ask)


def with_correction(*, approved: bool) -> Callable[[Cloud], None]:
    """An announced round without its pages, and a correction of it by Anna."""
    announced, _ = with_outcomes(RoundState.ANNOUNCED)

    def begin(cloud: Cloud) -> None:
        announced(cloud)
        take_in_correction(cloud, "anna", 2)
        if approved:
            pending = cloud.table.peek(keys.decisions_key(ROUND, 2)) or {}
            cloud.deciding.approve(ROUND, pending["digest"], "bertil")

    return begin


def take_in_correction(cloud: Cloud, who: str, share: int) -> Any:
    reason = Reason(sv="Beloppen var fel.", en="The amounts were wrong.")
    return cloud.correcting.take_in(ROUND, filled(cloud, share), reason, who)


def correct(who: str, share: int) -> Event:
    return person(f"{who} corrects", lambda cloud: take_in_correction(cloud, who, share))


def approve_correction(who: str) -> Event:
    def ask(cloud: Cloud) -> Any:
        pending = cloud.table.peek(keys.decisions_key(ROUND, 2))
        return cloud.deciding.approve(ROUND, pending["digest"] if pending else "", who)

    return person(f"{who} approves a correction", ask)


def publish_correction_with_pages() -> Event:
    """It goes out, and its pages are due at once."""

    def ask(cloud: Cloud) -> Any:
        cloud.announcing.publish(ROUND, _previewed(cloud, 2), "bertil")
        return cloud.publishing.publish(ROUND)

    return person("publish the correction and its pages", ask)


_DIGESTS: dict[str, str] = {}


def _previewed(cloud: Cloud, number: int = 1) -> str:
    """What was read in the preview, before the small world began."""
    decided = cloud.table.peek(keys.decisions_key(ROUND, number)) or {"digest": ""}
    if decided["digest"] not in _DIGESTS:
        task, cloud.kernel.task = cloud.kernel.task, None
        _DIGESTS[decided["digest"]] = cloud.announcing.preview(ROUND)["digest"]
        cloud.kernel.task = task
    return _DIGESTS[decided["digest"]]


def late_upload(applications: Sequence[Started]) -> Event:
    """S3 lets a document in while the round is being closed, and ingest has it at once."""
    paper, submission = good_papers()[1], new_submission(OVER, bytes(5))

    def work(cloud: Cloud) -> Callable[[], Any]:
        return lambda: a_copy(cloud).ingest(document_there(cloud, applications[0].application.id, submission, paper))

    return Event("late upload", work)


def slow_upload(applications: Sequence[Started]) -> Event:
    """What S3 began to receive in the last second is there now, and nobody is told of it."""
    paper, submission = good_papers()[1], new_submission(CLOSES, bytes(5))

    def arrive(cloud: Cloud) -> None:
        last = CLOSES + timedelta(seconds=GRACE)
        document_there(cloud, applications[0].application.id, submission, paper, last)

    return Event("slow upload", lambda cloud: lambda: arrive(cloud))


def job(name: str, event: dict[str, Any], number: int = 1) -> Event:
    return Event(f"{name} {number}", lambda cloud: lambda: _start(cloud, name, event))


def message(cloud: Cloud) -> None:
    """A dead letter for every upload, and one for a batch of the stream."""
    for _, stored in itertools.islice(rest.documents(cloud), 2):
        cloud.failed_uploads.put(message_of(stored.version))
    cloud.failed_jobs.put(json.dumps({"DDBStreamBatchInfo": {}}))
    cloud.failed_jobs.put(json.dumps({"requestPayload": {"source": "heartbeat"}}))
