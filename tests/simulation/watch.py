"""What must hold at every committed state. The watch sees each commit as the table makes it, and judges it by
what S3 and the rows themselves say, not by what a function believes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from shared import keys, totals
from shared.applications import Application, ApplicationState, Outcome
from shared.aws.table import Item
from shared.instants import parse_iso
from shared.rounds import Round, RoundState
from shared.submissions import Submission
from tests.simulation.corpus import by_hash
from tests.simulation.doubles.bucket import MemoryBucket
from tests.simulation.doubles.table import Change, MemoryTable, Place
from tests.simulation.recount import counted, differing, last_arrival, root_of

ARROWS = {
    (RoundState.SCHEDULED, RoundState.OPEN),
    (RoundState.SCHEDULED, RoundState.CLOSING),  # the schedule slept through the whole round
    (RoundState.OPEN, RoundState.CLOSING),
    (RoundState.CLOSING, RoundState.OPEN),  # extended before it was certified
    (RoundState.CLOSING, RoundState.CLOSED),
    (RoundState.CLOSED, RoundState.DECIDED),
    (RoundState.DECIDED, RoundState.CLOSED),  # the approval was taken back
    (RoundState.DECIDED, RoundState.ANNOUNCED),
}
Read = TypeVar("Read")
_CLOCKS_DIFFER = timedelta(seconds=2)
_ROUND = "ROUND#"
_AUDIT = "AUDIT#"
_EFFECT = "EFFECT#"
_EXCEPTIONS = ("exceptions_until", "exceptions", "supplements")
_EXPLAINED = ("access", "current", "repeated", "refused", "state", "withdrawn_at", "withdrawn_by", "certified")


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken promise: the invariant's name, and what was seen."""

    invariant: str
    seen: str

    def __str__(self) -> str:
        return f"{self.invariant}: {self.seen}"


class Watch:
    """Judges every commit of a table. `violations` is what it found."""

    def __init__(self, table: MemoryTable, bucket: MemoryBucket, clock: Callable[[], datetime]) -> None:
        self.table, self.bucket, self.clock = table, bucket, clock
        self.violations: list[Violation] = []
        self.ignored: frozenset[str] = frozenset()
        self.tell: Callable[[str], None] = lambda what: None  # noqa: ARG005
        self.signer: Callable[[], str | None] = lambda: None
        """Who asked for what is being done now, where it is done for a request."""
        self.withdrew: set[tuple[str, int]] = set()
        """Applications that were withdrawn after they were to be completed, each with the number of that letter."""
        self.done: Callable[[str], None] = lambda effect: None  # noqa: ARG005
        self._share: dict[Place, Counter[str]] = {}
        self._counted: dict[str, Counter[str]] = {}
        self._known: dict[int, tuple[Item, Any]] = {}
        """What stored items say, by their identity; the item is kept, so that no other takes its identity."""
        table.committed = self.committed

    def snapshot(self) -> Any:
        """What was counted so far."""
        return dict(self._share), {name: Counter(of) for name, of in self._counted.items()}, set(self.withdrew)

    def restore(self, snapshot: Any) -> None:
        """Back to what was counted then, with nothing found."""
        share, counted, withdrew = snapshot
        self._share, self.violations, self.withdrew = dict(share), [], set(withdrew)
        self._known.clear()
        self._counted = {name: Counter(of) for name, of in counted.items()}

    def found(self, invariant: str, seen: str) -> None:
        """A violation."""
        self.judge([Violation(invariant, seen)])

    def dropped(self, seen: str) -> None:
        """A dead letter that is gone, and nothing was done for it."""
        self.found("no-dead-letter-is-dropped", seen)

    def judge(self, found: Iterable[Violation]) -> None:
        """Violations, of which those count that nobody asked to leave aside."""
        self.violations.extend(one for one in found if one.invariant not in self.ignored)

    def committed(self, changes: Sequence[Change]) -> None:
        """One commit."""
        partitions: set[str] = set()
        events = [change.after for change in changes if change.place[0].startswith(_AUDIT) and change.after is not None]
        explained = {event.get("application") for event in events} | {
            change.after["application"]
            for change in changes
            if change.after is not None and change.place[1].startswith(keys.SUBMISSIONS)
        }
        for change in changes:
            partition, name = change.place
            if partition == keys.ROUNDS:
                self._round(change, audited=bool(events))
            elif partition.startswith(_ROUND):
                partitions.add(partition)
                self._row(change, name, audited=bool(events), explained=explained)
            elif partition.startswith(_AUDIT):
                self._event(change)
        for partition in partitions:
            self._totals(partition)

    def _event(self, change: Change) -> None:
        """An event is there for good, and names whoever signed the request that it came of."""
        if change.before is not None or change.after is None:
            if change.before != change.after:
                self.found("everything-is-audited", f"an event was changed: {change.before}")
            return
        signer, event = self.signer(), change.after
        if event["what"] == "announcement published":
            # Whoever finds an announcement half-way finishes it for the one who claimed it.
            round_id = change.place[0].removeprefix(_AUDIT)
            signer = (self.table.peek(keys.announcement_key(round_id, event["number"])) or {}).get("claimed_by")
        if signer is not None and event["who"] != signer:
            self.found("the-trail-names-who-asked", f"{event['what']} by {event['who']}, and {signer} asked")

    def _row(self, change: Change, name: str, *, audited: bool, explained: set[str | None]) -> None:
        if name.startswith(keys.APPLICATIONS):
            self._application(change, explained=change.place[1].removeprefix(keys.APPLICATIONS) in explained)
        elif name.startswith(keys.SUBMISSIONS):
            self._submission(change)
        elif name.startswith(keys.CERTIFICATES):
            self._certificate(change, audited=audited)
        elif name.startswith(keys.DECISIONS):
            self._decisions(change, audited=audited)
        elif name.startswith(keys.ANNOUNCEMENTS):
            self._announcement(change, audited=audited)
        elif name.startswith(_EFFECT) and "done_at" in (change.after or {}):
            self.done(name.removeprefix(_EFFECT))

    def _application(self, change: Change, *, explained: bool) -> None:
        """What an application is moves with an outcome or an event, and with nothing else."""
        before, after = change.before, change.after
        self._count(change, counted(after) if after else Counter())
        if before is None or after is None:
            return
        self._certified_share(before, after)
        if after["state"] == ApplicationState.WITHDRAWN != before["state"] and after.get("access", {}).get("asked"):
            self.withdrew.add((after["application"], after["access"]["letter"]))
        withdrawn = before.get("withdrawn_at") != after.get("withdrawn_at")
        if withdrawn and after["state"] != ApplicationState.WITHDRAWN:
            self.found("a-withdrawal-holds", f"{after['application']} was withdrawn and is {after['state']}")
        if "turned_away_at" in after and "turned_away_at" not in before:
            self._turned_away(after)
        if explained:
            return
        moved = sorted(name for name in _EXPLAINED if before.get(name) != after.get(name))
        if moved:
            self.found("everything-is-audited", f"{moved} of {after['application']} changed untold")

    def _turned_away(self, row: Item) -> None:
        """Clocks differ a little; nobody is sent away while forms are still given out."""
        call = self.table.peek(keys.round_key(row["round"])) or {}
        ends = [call["closes_at"], *([row["access"]["until"]] if "access" in row else [])]
        left = max(map(parse_iso, ends)) - self.clock()
        if left > _CLOCKS_DIFFER:
            self.found("nobody-is-turned-away-early", f"{row['application']} was, and had {left} left")

    def _certified_share(self, before: Item, after: Item) -> None:
        """What an application added to the certified totals is noted once, by the first change after them."""
        was, now = before.get("certified"), after.get("certified")
        if was == now:
            return
        certified = self.table.peek(keys.certificate_key(after["round"])) is not None
        added = counted(before)
        if was is not None or not certified or now != added:
            self.found("the-certificate-is-true", f"{after['application']} added {added}, and {now} is noted")

    def _count(self, change: Change, share: Counter[str]) -> None:
        sums = self._counted.setdefault(change.place[0], Counter())
        sums.subtract(self._share.get(change.place, Counter()))
        sums.update(share)
        self._share[change.place] = share

    def _totals(self, partition: str) -> None:
        stored = totals.non_zero(totals.counters(self.table.peek({"pk": partition, "sk": "TOTALS"}) or {}))
        there = totals.non_zero(self._counted.get(partition, Counter()))
        if stored != there:
            differ = sorted(name for name in stored.keys() | there.keys() if stored.get(name) != there.get(name))
            seen = ", ".join(f"{name} {stored.get(name, 0)} for {there.get(name, 0)}" for name in differ[:4])
            self.found("totals-equal-recount", seen)

    def _round(self, change: Change, *, audited: bool) -> None:
        if change.after is None:
            self.found("state-moves-along-its-arrows", "a round vanished")
            return
        before, after = change.before or {}, change.after
        if change.before is not None and before["state"] != after["state"]:
            arrow = RoundState(before["state"]), RoundState(after["state"])
            if arrow not in ARROWS:
                self.found("state-moves-along-its-arrows", f"{arrow[0]} to {arrow[1]}")
            self.tell(f"the round is {arrow[1]}")
        if before.get("embargo") and after["announcing"] is not None and before["announcing"] is None:
            self._released(before["embargo"], after)
        told = ("state", "closes_at", "grace_seconds", "budget", "embargo", "announcing", *_EXCEPTIONS)
        if not audited and any(before.get(name) != after.get(name) for name in told):
            self.found("everything-is-audited", f"round {after['round']} became {after['state']} untold")

    def _released(self, embargo: Item, call: Item) -> None:
        """Clocks differ a little; minutes are what an embargo is about."""
        early = parse_iso(embargo["at"]) - self.clock()
        if early > _CLOCKS_DIFFER:
            self.found("an-embargo-is-kept", f"{call['announcing']} was claimed {early} before its instant")
        claimed = self.table.peek(keys.announcement_key(call["round"], call["announcing"])) or {}
        if claimed.get("digest") != embargo["digest"]:
            self.found("an-embargo-is-kept", f"another {call['announcing']} was claimed than was approved")

    def _submission(self, change: Change) -> None:
        if change.after is None or change.before not in (None, change.after):
            self.found("one-outcome-for-each-version", f"the outcome {change.place[1]} was changed")
            return
        if change.before is not None:
            return
        submission = Submission.from_item(change.after)
        self._count(change, Counter([f"outcome|{submission.outcome}"]))
        key = keys.document_object(submission.round_id, submission.application, submission.submission)
        stored = self.bucket.find(key, submission.version_id)
        if stored is None:
            self.found("one-outcome-for-each-version", f"an outcome for no object: {change.place[1]}")
            return
        arrived = stored.version.arrived_at
        last = last_arrival(self.table, submission.round_id, submission.application)
        late = last is not None and arrived > last
        if late != (submission.outcome is Outcome.LATE) or arrived != submission.arrived_at:
            seen = f"{submission.outcome} for what arrived at {arrived:%H:%M:%S}, the last second is {last}"
            self.found("s3s-clock-decides-what-is-late", seen)
        paper = by_hash().get(stored.sha256)  # A story may have a paper of its own.
        fitting = (Outcome.ACCEPTED, Outcome.DUPLICATE) if paper and paper.good else (Outcome.REJECTED,)
        if paper and not late and submission.outcome not in fitting:
            self.found("what-is-good-is-accepted", f"{paper.name} of {submission.application}: {submission.outcome}")
        self.tell(f"{submission.version_id} of {submission.application} is {submission.outcome}")

    def _certificate(self, change: Change, *, audited: bool) -> None:
        if not audited:
            self.found("everything-is-audited", "a round was certified untold")
        if change.before is not None or change.after is None:
            self.found("the-certificate-is-true", "a certificate was changed")
            return
        for seen in certificate_faults(self, change.after):
            self.found("the-certificate-is-true", seen)

    def _decisions(self, change: Change, *, audited: bool) -> None:
        before, after = change.before or {}, change.after or {}
        if not audited:
            self.found("everything-is-audited", "decisions changed untold")
        if "approved_by" in after and "taken_back" in after:
            self.found("decisions-take-two-people", "what was taken back was approved without being handed in again")
        if after.get("approved_by") == after.get("entered_by"):
            self.found("decisions-take-two-people", f"{after.get('entered_by')} entered and approved")
        if "approved_by" in before and before != after and not self._taken_back(change):
            self.found("decisions-take-two-people", "approved decisions were changed")

    def _taken_back(self, change: Change) -> bool:
        """Whether the approval alone is gone, and what it was for is neither out, nor claimed, nor to go out later."""
        call = self.round(change.place[0].removeprefix(_ROUND))
        next_up = keys.decisions_key(call.id, call.next_announcement)["sk"]
        kept = {name: one for name, one in (change.before or {}).items() if name not in ("approved_by", "approved_at")}
        left = {name: one for name, one in (change.after or {}).items() if name != "taken_back"}
        return left == kept and change.place[1] == next_up and call.announcing is None and call.embargo is None

    def _announcement(self, change: Change, *, audited: bool) -> None:
        before, after = change.before or {}, change.after or {}
        if not audited:
            self.found("everything-is-audited", "an announcement changed untold")
        if change.before is not None and {**after, **before} != after:
            self.found("an-announcement-goes-out-once", "a claimed announcement was changed")
        if change.before is None:
            self._claimed(change.place[0], after)

    def _claimed(self, partition: str, announcement: Item) -> None:
        """What is claimed follows the last one that went out, and two people decided it."""
        call = self.round(partition.removeprefix(_ROUND))
        number = announcement["number"]
        if number != (call.announcement or 0) + 1:
            self.found("an-announcement-goes-out-once", f"{number} was claimed after {call.announcement}")
        decided = self.table.peek(keys.decisions_key(call.id, number)) or {}
        if "approved_by" not in decided:
            self.found("decisions-take-two-people", f"announcement {number} tells of decisions that nobody approved")

    def letter_sent(self, round_id: str, effect: str) -> None:
        """A letter left. One of a decision names the announcement that made it public."""
        out = self.round(round_id).announcement or 0
        if effect.startswith(keys.DECISION_LETTERS) and int(effect.rpartition("-")[2]) > out:
            self.found("no-decision-is-told-before-everybody-is", f"{effect} went out")

    # --- what is there, to be looked at only ---

    def round(self, round_id: str) -> Round:
        """The round as it is stored."""
        item = self.table.peek(keys.round_key(round_id))
        assert item is not None
        return self._read(Round.from_item, item)

    def rows(self, round_id: str, prefix: str) -> list[Item]:
        """The round's rows of one kind."""
        rows = self.table.rows.get(keys.round_partition(round_id), {})
        return [rows[name] for name in sorted(rows) if name.startswith(prefix)]

    def applications(self, round_id: str) -> list[Application]:
        """The round's applications."""
        return [self._read(Application.from_item, item) for item in self.rows(round_id, keys.APPLICATIONS)]

    def submissions(self, round_id: str) -> list[Submission]:
        """The round's recorded outcomes."""
        return [self._read(Submission.from_item, item) for item in self.rows(round_id, keys.SUBMISSIONS)]

    def _read(self, read: Callable[[Item], Read], item: Item) -> Read:
        """What the item says. A stored item is never changed in place, so it is read once."""
        known = self._known.get(id(item))
        if known is None:
            known = self._known[id(item)] = item, read(item)
        return known[1]


def certificate_faults(watch: Watch, certificate: Item) -> list[str]:
    """What of a certificate is not so, now: objects, outcomes, root, and nothing in time left out."""
    round_id = certificate["round"]
    if "number" in certificate:
        return supplement_faults(watch, certificate)
    submissions = [one for one in watch.submissions(round_id) if one.after_certificate == 0]
    last = last_arrival(watch.table, round_id)
    counts = Counter(one.outcome.value for one in submissions)
    recorded = {(one.application, one.submission, one.version_id) for one in submissions}
    faults = []
    for key, versions in watch.bucket.objects.items():
        name = keys.parse_document_object(key)
        for stored in versions if name is not None and name.round_id == round_id else ():
            in_time = last is None or stored.version.arrived_at <= last
            if name and in_time and (name.application, name.submission, stored.version.version_id) not in recorded:
                faults.append(f"{key} arrived in time and is not in it")
    if certificate["objects"] != len(submissions):
        faults.append(f"{certificate['objects']} objects for {len(submissions)} outcomes")
    if {name: count for name, count in certificate["outcomes"].items() if count} != dict(counts):
        faults.append(f"outcomes {certificate['outcomes']} for {dict(counts)}")
    rows = watch.rows(round_id, keys.SUBMISSIONS)
    if certificate["root"] != root_of(row for row in rows if row["after_certificate"] == 0):
        faults.append("another root")
    there = Counter(f"outcome|{one.outcome}" for one in submissions)
    for row in watch.rows(round_id, keys.APPLICATIONS):
        there.update(row.get("certified", counted(row)))
    if wrong := differing(certificate["totals"], there):
        faults.append(f"totals {certificate['totals']}, and other {wrong[:4]}")
    return faults


def supplement_faults(watch: Watch, certificate: Item) -> list[str]:
    """The same of a certificate of those who were let in, and of nobody else who arrived in time."""
    round_id, number = certificate["round"], certificate["number"]
    submissions = watch.submissions(round_id)
    covered = [one for one in submissions if one.after_certificate == number - 1]
    recorded = {(one.application, one.submission, one.version_id) for one in submissions}
    faults = []
    for key, versions in watch.bucket.objects.items():
        name = keys.parse_document_object(key)
        last = last_arrival(watch.table, round_id, name.application) if name else None
        for stored in versions if name is not None and last is not None else ():
            in_time = last is not None and stored.version.arrived_at <= last
            if name and in_time and (name.application, name.submission, stored.version.version_id) not in recorded:
                faults.append(f"{key} arrived in time and has no outcome")
    counts = Counter(one.outcome.value for one in covered)
    if {name: count for name, count in certificate["outcomes"].items() if count} != dict(counts):
        faults.append(f"outcomes {certificate['outcomes']} for {dict(counts)}")
    rows = watch.rows(round_id, keys.SUBMISSIONS)
    root = root_of(row for row in rows if row["after_certificate"] == number - 1)
    if (certificate["objects"], certificate["root"]) != (len(covered), root):
        faults.append(f"another root, or {certificate['objects']} objects for {len(covered)} outcomes")
    return faults
