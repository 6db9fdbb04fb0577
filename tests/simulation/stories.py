"""Faults that the simulation found, or a review that it should have, each as a short story on the product as it is. A
story gives what it breaks."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from datetime import timedelta

from functions.administer.administering import EarlyClosing, Extension
from functions.administer.exceptions import LettingIn
from shared import keys
from shared.aws.rows import read_applications
from shared.aws.table import Update
from shared.instants import iso, parse_iso
from shared.problems import ProblemsError
from shared.rounds import RoundState
from tests.simulation.cloud import ROUND, Cloud
from tests.simulation.corpus import bad_papers, good_papers
from tests.simulation.rest import faults_at_rest
from tests.simulation.scenarios import CLOSES, OVER, Beginning, asked, filled, settle, turned_away
from tests.simulation.small import a_copy, at_the_same_time
from tests.simulation.small_worlds import pairs
from tests.simulation.watch import Violation

Story = Callable[[], list[Violation]]


def _broken(cloud: Cloud, invariant: str) -> list[Violation]:
    found = [*cloud.watch.violations, *faults_at_rest(cloud)]
    return [one for one in found if one.invariant == invariant]


def sent_after_it_was_turned_away() -> list[Violation]:
    """Forms at 10:09, asked again in the grace and turned away, uploaded by the first forms all the same."""
    cloud = Cloud()
    beginning = Beginning(cloud)
    started = beginning.application()
    cloud.now = CLOSES + timedelta(seconds=5)
    turned_away([started]).work(cloud)()
    a_copy(cloud).ingest(beginning.sent(started, good_papers()[0]))
    return [one for one in _broken(cloud, "nothing-that-was-sent-is-lost") if "was sent" in one.seen]


def counted_and_expired() -> list[Violation]:
    """Turned away after the deadline, never sent, and gone after 400 days; the totals still count it."""
    cloud = Cloud()
    started = Beginning(cloud).application()
    cloud.now = CLOSES + timedelta(seconds=5)
    turned_away([started]).work(cloud)()
    cloud.table.expire(int((cloud.now + timedelta(days=401)).timestamp()))
    return _broken(cloud, "totals-equal-recount")


def changed_and_changed_back() -> list[Violation]:
    """A, then B, then A again; the queue hands out A, A, B."""
    cloud = Cloud()
    beginning = Beginning(cloud)
    started = beginning.application()
    a, b, *_ = good_papers()
    first, second, third = (beginning.sent(started, paper) for paper in (a, b, a))
    for upload in (first, third, second):
        a_copy(cloud).ingest(upload)
    return _broken(cloud, "the-newest-version-counts")


def announced_while_somebody_is_turned_away() -> list[Violation]:
    """Recording the announcement meets the note that somebody came too late; no call fails."""
    (scenario,) = (one for one in pairs() if one.name == "announce and turn away")
    violation = at_the_same_time(scenario, 60, 0).violation
    return [violation] if violation else []


def one_bad_address() -> list[Violation]:
    """The first contact's address is one that SES refuses (recorded when such ones were accepted); the second gets no
    receipt either, however often."""
    cloud = Cloud()
    beginning = Beginning(cloud)
    first, second = sorted((beginning.application() for _ in range(2)), key=lambda one: one.application.id)
    for started in (first, second):
        a_copy(cloud).ingest(beginning.sent(started, good_papers()[0]))
    row = keys.application_key(ROUND, first.application.id)
    current = (cloud.table.get(row) or {})["current"]
    contact = {**current["facts"]["contact"], "email": "åsa@pitea.example"}
    cloud.table.write(Update(row, set={"current": {**current, "facts": {**current["facts"], "contact": contact}}}))
    for _ in range(3):
        task = cloud.kernel.task_of("acknowledge", lambda: cloud.owing.resend(lambda: False))
        cloud.kernel.finish(task)
        cloud.now += timedelta(minutes=5)
    receipts = {mail.to for mail in cloud.mailer.mails}
    return [] if receipts else [Violation("a-poison-message-holds-back-no-neighbour", "nobody got a receipt")]


def passed_over_while_claimed() -> list[Violation]:
    """A copy dies between claim and e-mail; a minute later receipts are sent again, and that says all is well."""
    cloud = Cloud()
    beginning = Beginning(cloud)
    a_copy(cloud).ingest(beginning.sent(beginning.application(), good_papers()[0]))
    dying = cloud.kernel.task_of("acknowledge", lambda: cloud.owing.resend(lambda: False))
    while not any(name.startswith("EFFECT#") for name in cloud.table.rows[keys.round_partition(ROUND)]):
        cloud.kernel.go_on(dying)
    cloud.now += timedelta(minutes=1)
    again = cloud.kernel.finish(cloud.kernel.task_of("acknowledge", lambda: cloud.owing.resend(lambda: False)))
    return [] if again.result.waiting else [Violation("everybody-gets-a-receipt", f"{again.result}, and none waits")]


def expired_while_signing() -> list[Violation]:
    """A draft in a round without an end expires between the read and the write of its holder's request."""
    from functions.apply.uploads import FormsRequest

    cloud = Cloud()
    started = Beginning(cloud).application()
    request = FormsRequest.model_validate({"document": {"size": 10, "sha256": "0" * 64}})
    task = cloud.kernel.task_of("apply", lambda: asked(lambda _: cloud.applying.sign(started.link, request), cloud))
    for _ in range(2):  # up to its second call, the write
        cloud.kernel.go_on(task)
    cloud.table.committed = None
    cloud.table.expire(int((cloud.now + timedelta(days=401)).timestamp()))
    cloud.kernel.finish(task)
    try:
        read_applications(cloud.table, ROUND)
    except KeyError as error:
        return [Violation("everything-comes-to-rest", f"no function can read the round's rows: {error}")]
    return []


def extended_while_files_are_marked() -> list[Violation]:
    """A draft's files are marked by a closing that loses to an extension; then its document comes."""
    cloud = Cloud()
    beginning = Beginning(cloud)
    started = beginning.application()
    cloud.now = OVER
    task = cloud.kernel.task_of("advance", cloud.lifecycle.tick)
    while not any(stored.tags for versions in cloud.bucket.objects.values() for stored in versions) and not task.ended:
        cloud.kernel.go_on(task)
    if cloud.watch.round(ROUND).state is RoundState.CLOSING:
        later = Extension(closes=iso(CLOSES + timedelta(minutes=30)), reason="Systemfel")
        cloud.administering.extend(ROUND, later, "anna")
    cloud.kernel.finish(task)
    a_copy(cloud).ingest(beginning.sent(started, good_papers()[0]))
    return [one for one in _broken(cloud, "nothing-that-was-sent-is-lost") if "marked" in one.seen]


def closed_early_and_extended() -> list[Violation]:
    """Forms of 15 minutes, closed early a minute later, uploaded after the grace, then extended."""
    cloud = Cloud()
    beginning = Beginning(cloud)
    started = beginning.application()
    cloud.now += timedelta(minutes=2)
    cloud.administering.close(ROUND, EarlyClosing(reason="Misstag"), "anna")
    cloud.now += timedelta(minutes=3)
    a_copy(cloud).ingest(beginning.sent(started, good_papers()[0]))
    later = Extension(closes=iso(CLOSES + timedelta(minutes=30)), reason="Det var ett misstag")
    cloud.administering.extend(ROUND, later, "bertil")
    return _broken(cloud, "the-newest-version-counts")


def redriven_as_another_job() -> list[Violation]:
    """Receipts are sent again by a redrive, that fails too, and is redriven."""
    cloud = Cloud()
    Beginning(cloud)
    cloud.failed_jobs.put(json.dumps({"requestPayload": {"resend": True}}))
    cloud.dead_letters.redrive(None)
    started = [name for name, _ in cloud.started]
    return [] if started == ["acknowledge"] else [Violation("everybody-gets-a-receipt", f"{started} was started")]


def announced_before_the_summary() -> list[Violation]:
    """The closing summary's function cannot be started until the round is announced."""
    cloud = Cloud()
    beginning = Beginning(cloud)
    started = beginning.application()
    a_copy(cloud).ingest(beginning.sent(started, good_papers()[0]))
    cloud.now = OVER
    cloud.lifecycle.tick()
    cloud.started.clear()
    digest = cloud.deciding.take_in(ROUND, filled(cloud, 1), "anna")["digest"]
    cloud.deciding.approve(ROUND, digest, "bertil")
    cloud.announcing.publish(ROUND, cloud.announcing.preview(ROUND)["digest"], "bertil")
    settle(cloud)
    return _broken(cloud, "staff-are-told")


def signed_by_an_old_clock() -> list[Violation]:
    """Forms are asked for in the last seconds, and the table takes nine seconds to answer."""
    return [*_signed_slowly(timedelta(seconds=10)), *_signed_slowly(timedelta(0))]


def _signed_slowly(before: timedelta) -> list[Violation]:
    from functions.apply.uploads import FormsRequest

    cloud = Cloud()
    started = Beginning(cloud).application()
    cloud.now = CLOSES - before
    request = FormsRequest.model_validate({"document": {"size": 10, "sha256": "0" * 64}})
    task = cloud.kernel.task_of("apply", lambda: asked(lambda _: cloud.applying.sign(started.link, request), cloud))
    for _ in range(2):  # up to its second call, the write
        cloud.kernel.go_on(task)
    cloud.now += timedelta(seconds=9)
    cloud.kernel.finish(task)
    if isinstance(task.result, ProblemsError):
        return []
    policy = json.loads(base64.b64decode(task.result["forms"][-1]["fields"]["policy"]))
    over = (cloud.watch.round(ROUND).last_arrival or CLOSES) + timedelta(seconds=1)
    late = parse_iso(policy["expiration"]) > over
    return [Violation("s3s-clock-decides-what-is-late", f"a form until {policy['expiration']}")] if late else []


def left_out_and_let_in() -> list[Violation]:
    """Told that the application is not in the round, let in because they wrote, and accepted."""
    cloud = Cloud()
    beginning = Beginning(cloud)
    started = beginning.application()
    a_copy(cloud).ingest(beginning.sent(started, bad_papers()[2]))
    settle(cloud)
    until = iso(cloud.now + timedelta(minutes=20))
    letting = LettingIn(until=until, reason="Strömavbrott", application=started.application.id)
    cloud.exceptions.let_in(ROUND, letting, "anna")
    a_copy(cloud).ingest(beginning.sent(started, good_papers()[0]))
    settle(cloud)
    return _broken(cloud, "everybody-is-told-of-the-closing")


STORIES: Mapping[str, Story] = {
    "a draft that was turned away and then sent still expires": sent_after_it_was_turned_away,
    "a draft that is counted as turned away expires, and the totals no longer equal the recount": counted_and_expired,
    "the newest version loses to an older one when its content was sent before and is delivered out of order": (
        changed_and_changed_back
    ),
    "an announcement goes out twice when its recording meets another transaction": (
        announced_while_somebody_is_turned_away
    ),
    "one receipt that cannot be sent holds back all that come after it": one_bad_address,
    "forms are good after the grace, for as long as it took between the request for them and their signing": (
        signed_by_an_old_clock
    ),
    "a receipt whose claim is open while receipts are sent again is passed over, and that counts as success": (
        passed_over_while_claimed
    ),
    "signing forms for a draft that expires at that moment leaves a row that no function can read": (
        expired_while_signing
    ),
    "files are marked for removal although the round is extended at that moment": extended_while_files_are_marked,
    "forms outlive an early closing: what arrives by them is late, stays late when the round is extended, and"
    " may get no outcome when it arrives after the certificate": closed_early_and_extended,
    "sending receipts again that failed on every try is redriven as another job, and they are never sent": (
        redriven_as_another_job
    ),
    "whoever was told that they are left out and is let in is not told that they are in the round after all": (
        left_out_and_let_in
    ),
    "staff get no closing summary of a round that is announced before it went out": announced_before_the_summary,
}
"""By the name of the fault."""
