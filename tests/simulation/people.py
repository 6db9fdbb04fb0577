"""Who uses the house: applicants who double-click, resend, change, withdraw and come late; staff who extend, close
early, decide, approve and publish, two at once too."""

from __future__ import annotations

import csv
import io
from collections.abc import Generator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from shared import keys
from shared.aws.bucket import Form
from shared.instants import iso, whole_second
from shared.rounds import RoundState
from tests.simulation.cloud import OPENS, ROUND
from tests.simulation.corpus import Paper, bad_papers, files, good_papers
from tests.simulation.delivery import Delivery
from tests.simulation.doors import RefusedError
from tests.simulation.doubles.bucket import FormRefusedError, form_expires, origin_of
from tests.simulation.recount import last_arrival
from tests.simulation.world import Answer, Ask, Person, World

_PATIENCE = 4
_SLOWEST_UPLOAD = 45
"""Seconds, less than closing waits."""
_FORM_LIFETIME = timedelta(minutes=15)
_CLOCKS_DIFFER = timedelta(seconds=2)
STAFF_ROUND = f"/staff/rounds/{ROUND}"


@dataclass(frozen=True, slots=True)
class Holder:
    """What somebody keeps who has begun: the application's reference, and the private link."""

    application: str
    link: str


class Applicant:
    """One private link, and somebody who uses it."""

    def __init__(self, world: World, delivery: Delivery, number: int) -> None:
        self.world, self.delivery = world, delivery
        self.name = f"applicant {number}"
        self.dice = world.dice(self.name)
        self.slowness = world.dice(f"{self.name}'s uploads")
        self.started: Holder | None = None
        self.forms: dict[str, Form] = {}
        self.last: tuple[Form, Paper] | None = None
        self.until: datetime | None = None
        """Until when staff let them in, where they did."""

    def lives(self) -> Person:
        """From the first click to the last."""
        opened = (OPENS - self.world.cloud.now).total_seconds()
        until = (self.world.closes - OPENS).total_seconds()
        yield opened + self.dice.uniform(-20, until)
        yield from self._start()
        if self.started is None:
            return
        for number in range(self.dice.randint(1, 5)):
            if not self.world.happens(f"{self.name}, deed {number}", 0.95, self.dice):
                continue
            yield from self._deed()
            yield self._pause()

    def _pause(self) -> float:
        """Until the next deed; some wait for the last minutes."""
        if self.dice.random() < 0.7:
            return self.dice.expovariate(1 / 60)
        left = (self.world.closes - self.world.cloud.now).total_seconds()
        return max(0.0, left + self.dice.uniform(-60, self.world.grace + 30))

    def let_in(self, until: datetime) -> Person:
        """What somebody does whom staff let in: mostly in time, now and then too late even so."""
        self.until = until
        for _ in range(self.dice.randint(1, 4)):
            left = (until - self.world.cloud.now).total_seconds()
            yield max(
                0.0, self.dice.uniform(0, left / 2) if self.dice.random() < 0.8 else left + self.dice.uniform(-5, 30)
            )
            yield from self._send(good_papers()[0], files_only=True) if self.dice.random() < 0.3 else self._deed()

    def _start(self) -> Person:
        begin = lambda: self.world.doors.ask("POST", f"/rounds/{ROUND}/applications", {"language": "sv"})  # noqa: E731
        for _ in range(_PATIENCE):
            answer: Answer = yield ("apply", "starts an application"), begin
            if answer.failure is None:
                self.started = Holder(answer.value["application"], answer.value["token"])
                return
            yield self.dice.uniform(1, 20)

    def _deed(self) -> Person:
        draw = self.dice.random()
        if draw < 0.5:
            yield from self._send(self.dice.choice(good_papers()))
        elif draw < 0.65:
            yield from self._send(self.dice.choice(bad_papers()))
        elif draw < 0.85:
            yield from self._withdraw()
        elif draw < 0.93:
            yield from self._resend()
        else:
            yield from self._look()

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """By the private link."""
        assert self.started is not None
        return self.world.doors.ask(method, path, body, link=self.started.link)

    def _look(self) -> Person:
        answer: Answer = yield ("apply", "looks at the status"), lambda: self.ask("GET", "/application")
        if answer.failure is None:
            yield ("apply", "asks for a signed receipt"), self._receipt

    def _receipt(self) -> Any:
        paths = "/signing-key", "/application/receipt", f"/rounds/{ROUND}/certificate"
        return [self.ask("GET", path) for path in paths]

    def _withdraw(self) -> Person:
        yield ("apply", "withdraws"), lambda: self.ask("POST", "/application/withdrawal")

    def _send(self, paper: Paper, *, files_only: bool = False) -> Person:
        signed = yield from self._sign(paper)
        if signed is None:
            return
        double = self.world.happens(f"{self.name} double-clicks", 0.15, self.dice)
        document = None
        for one in signed["forms"]:
            form = Form(one["url"], one["fields"])
            if one["for"] == "document":
                document = form
                break
            if self.until is not None and form.fields["key"] in self.world.cloud.bucket.objects:
                continue  # It is there from before, and a page may know that.
            content = next(file.content for file in files() if file.sha256 == one["sha256"])
            yield self.dice.random() * 3
            self._upload(form, content)
        assert document is not None
        if files_only:
            return
        yield self.dice.choice((0.5, 3.0, 200.0)) * self.dice.random()
        self.last = document, paper
        for _ in range(1 + double):
            self._upload(document, paper.content, paper.name)

    def _resend(self) -> Person:
        """The same form once more, as a browser's back button has it."""
        yield 0.1
        if self.last is not None:
            self._upload(self.last[0], self.last[1].content, f"{self.last[1].name} again")

    def _sign(self, paper: Paper) -> Generator[Any, Any, Any]:
        attachments = [
            {"name": file.name, "size": file.size, "sha256": file.sha256, "type": file.type} for file in files()
        ]
        document = {"size": len(paper.content), "sha256": paper.sha256}
        request = {"document": document, "attachments": attachments}
        for _ in range(_PATIENCE):
            began, revision = self.world.cloud.now, self.world.cloud.watch.round(ROUND).revision
            answer: Answer = yield ("apply", "asks for forms"), lambda: self.ask("POST", "/application/forms", request)
            if answer.failure is None:
                if self.world.cloud.watch.round(ROUND).revision == revision:
                    self._judge_forms(answer.value["forms"], began)
                return answer.value
            if isinstance(answer.failure, RefusedError):
                return None
            yield self.dice.uniform(1, 20)
        return None

    def _judge_forms(self, forms: list[dict[str, Any]], began: datetime) -> None:
        """Forms that were asked for at that instant, of a round that nobody has changed since."""
        assert self.started is not None
        cloud = self.world.cloud
        last = last_arrival(cloud.table, ROUND, self.started.application)
        for one in forms:
            expires = form_expires(one["fields"])
            span = [whole_second(at + _FORM_LIFETIME) for at in (began - _CLOCKS_DIFFER, cloud.now + _CLOCKS_DIFFER)]
            first, latest = span if last is None else [min(at, last + timedelta(seconds=1)) for at in span]
            # What is left is signed in whole seconds, so that a form may end a second before it says it does.
            if not first - timedelta(seconds=1) <= expires <= latest:
                cloud.watch.found("a-form-is-good-for-as-long-as-it-may", f"until {expires}, and {last} is the last")

    def _upload(self, form: Form, content: bytes, name: str = "") -> None:
        world, bucket = self.world, self.world.cloud.bucket
        slipped_in = False
        try:
            digest = bucket.admit(form, content)
        except FormRefusedError as error:
            slipped_in = self._slips_in(form)
            if not slipped_in:
                world.kernel.note("S3", f"refuses {self.name}: {error}")
                return
            digest = None
        began = world.cloud.now

        def arrive() -> None:
            version = bucket.put(form.fields["key"], content, digest, began, origin_of(form))
            if name:
                world.kernel.note(self.name, f"uploads {name} ({version.version_id})")
                self.delivery.notify(version)

        # S3 notes when a request began, and shows the object when it has ended: closing waits for as long as that may
        # take from the last second on, not from when something slipped in.
        slow = name and world.happens(f"{self.name}'s upload takes its time", 0.1, self.slowness)
        if slow and not slipped_in:
            world.after(self.slowness.uniform(1, _SLOWEST_UPLOAD), arrive)
        else:
            arrive()

    def _slips_in(self, form: Form) -> bool:
        """S3's machines do not all have one clock; what they let in is judged by the time that they note."""
        last, now = last_arrival(self.world.cloud.table, ROUND), self.world.cloud.now
        if self.until is not None and last is not None:
            last = max(last, self.until + timedelta(seconds=self.world.grace))
        near = last is not None and now < last + timedelta(seconds=45)
        folder, _, document = form.fields["key"].partition("submissions/")
        there = all(f"{folder}files/{file.sha256}" in self.world.cloud.bucket.objects for file in files())
        form_over = bool(document) and there and not self.world.deadline_moves
        return near and form_over and self.world.happens(f"{self.name} slips in late", 0.5, self.dice)


class Officer:
    """One programme officer, who looks now and then and does what is due."""

    def __init__(self, world: World, name: str) -> None:
        self.world, self.cloud, self.name = world, world.cloud, name
        self.dice = world.dice(name)
        self.patience = world.dice(f"{name}'s patience")
        """Dice of their own for what can wait."""

    def ask(self, method: str, path: str, body: dict[str, Any] | bytes | None = None) -> Any:
        """Signed with the officer's own key."""
        return self.world.doors.ask(method, path, body, by=self.name)

    def works(self) -> Person:
        """Until the round is announced, or for the rest of the day."""
        yield (OPENS - self.cloud.now).total_seconds() + self.dice.uniform(0, 120)
        for number in range(self.dice.randint(10, 40)):
            yield self.dice.uniform(10, 200)
            if self.cloud.watch.round(ROUND).state is RoundState.ANNOUNCED:
                return
            if self.world.happens(f"{self.name}, deed {number}", 0.9, self.dice):
                yield from self._deed()

    def _deed(self) -> Person:
        state = self.cloud.watch.round(ROUND).state
        draw = self.dice.random()
        if draw < 0.07 or (self._alarmed() and draw < 0.4):
            yield from self._look_after_dead_letters()
        elif draw < 0.09:
            yield ("administer", "starts the scheduled job"), lambda: self.ask("POST", "/staff/advance")
        elif draw < 0.12:
            yield ("administer", "reads"), lambda: self._read(draw)
        elif state in (RoundState.OPEN, RoundState.CLOSING) and draw > 0.94 and self.world.deadline_moves:
            yield from self._move_deadline()
        elif state is RoundState.CLOSED and draw < 0.7:
            yield from self._decide()
        elif state is RoundState.DECIDED and draw < 0.8:
            yield from self._publish()
        elif state is RoundState.DECIDED and draw > 0.9:
            yield ("decide", "takes the approval back"), self.take_back

    def _alarmed(self) -> bool:
        return bool(self.cloud.failed_uploads.waiting or self.cloud.failed_jobs.waiting)

    def _look_after_dead_letters(self) -> Person:
        letters = [*self.cloud.failed_uploads.waiting, *self.cloud.failed_jobs.waiting, "none"]
        chosen, draw = [self.dice.choice(letters)], self.dice.random()
        if draw < 0.4:
            yield ("administer", "redrives one letter"), lambda: self.redrive({"ids": chosen})
        elif draw < 0.7:
            yield ("administer", "redrives"), lambda: self.redrive({})
        else:
            yield ("administer", "looks at dead letters"), lambda: self.ask("GET", "/staff/dead-letters")

    def redrive(self, wanted: dict[str, Any]) -> Any:
        """Put dead letters back."""
        return self.ask("POST", "/staff/dead-letters/redrive", wanted)

    def _read(self, draw: float) -> Any:
        if draw < 0.10:
            return [self.ask("GET", path) for path in (STAFF_ROUND, "/staff/rounds", "/rounds", f"/rounds/{ROUND}")]
        for line in self.ask("GET", f"{STAFF_ROUND}/applications")["applications"][:1]:
            one = f"{STAFF_ROUND}/applications/{line['reference']}"
            self.ask("GET", one)
            self.ask("GET", f"{one}/verification")
        return [self.ask("GET", f"{STAFF_ROUND}/{what}") for what in ("events", "verification")]

    def _move_deadline(self) -> Person:
        late = self.cloud.now + timedelta(minutes=self.dice.randint(1, 15))
        if self.dice.random() < 0.5:
            extension = {"closes": iso(late), "reason": "Systemfel"}
            what = f"extends to {late:%H:%M:%S}"
            yield ("administer", what), lambda: self.ask("POST", f"{STAFF_ROUND}/extension", extension)
        else:
            early = {"reason": "Pengarna är slut"}
            yield ("administer", "closes early"), lambda: self.ask("POST", f"{STAFF_ROUND}/closing", early)

    def _decide(self) -> Person:
        share = self.dice.choice((1, 2, 3))
        decided = self.cloud.table.peek(keys.decisions_key(ROUND))
        if decided is None or "taken_back" in decided or self.dice.random() < 0.2:
            answer: Answer = yield ("decide", "takes the list out"), self.list_out
            if answer.failure is None:
                filled = filled_in(answer.value, share, self.dice)
                yield ("decide", "hands decisions in"), lambda: self.ask("PUT", f"{STAFF_ROUND}/decisions", filled)
        else:
            digest = decided["digest"]
            yield from self._perhaps_twice("decide", "approves", lambda: self.approve(digest))

    def list_out(self) -> Any:
        """The decision list as CSV."""
        return self.ask("GET", f"{STAFF_ROUND}/decisions")

    def approve(self, digest: str) -> Any:
        """Decisions, or a correction of them."""
        return self.ask("POST", f"{STAFF_ROUND}/decisions/approval", {"digest": digest})

    def take_back(self) -> Any:
        """The approval of decisions, or of a correction of them."""
        return self.ask("POST", f"{STAFF_ROUND}/decisions/taking-back", {"reason": "Fel belopp"})

    def _publish(self) -> Person:
        answer: Answer = yield ("announce", "previews"), self.preview
        if answer.failure is None and self.patience.random() < 0.2:
            yield ("announce", "reads the letters"), lambda: self.ask("GET", f"{STAFF_ROUND}/announcement/letters")
        if answer.failure is None and self.patience.random() < 0.4:
            yield from self._time(answer.value)
        elif answer.failure is None:
            digest = answer.value["digest"]
            yield from self._perhaps_twice("announce", "publishes", lambda: self._announce({"digest": digest}))

    def preview(self) -> Any:
        """What would go out, or did."""
        return self.ask("GET", f"{STAFF_ROUND}/announcement")

    def call_off(self) -> Any:
        """What was to go out at an instant."""
        return self.ask("POST", f"{STAFF_ROUND}/announcement/calling-off")

    def _announce(self, wanted: dict[str, Any]) -> Any:
        return self.ask("POST", f"{STAFF_ROUND}/announcement", wanted)

    def _time(self, preview: dict[str, Any]) -> Person:
        """It is to go out later, or what was to go out later is called off."""
        if preview["publish_at"] is not None and self.patience.random() < 0.3:
            yield ("announce", "calls off"), self.call_off
            return
        at = iso(whole_second(self.cloud.now + timedelta(seconds=self.patience.uniform(1, 600))))
        timed = lambda: self._announce({"digest": preview["digest"], "at": at})  # noqa: E731
        yield from self._perhaps_twice("announce", f"has it go out at {at[11:19]}", timed)

    def _perhaps_twice(self, function: str, what: str, ask: Ask) -> Person:
        """Two clicks, or two officers at once."""
        if self.world.happens(f"{self.name} double-clicks", 0.3, self.dice):
            self.world.spawn(function, ask, lambda task: None)  # noqa: ARG005
        yield (function, what), ask


def filled_in(listed: str, share: int, dice: Random) -> bytes:
    """The decision list with awards of a share of what was asked for, and some declined."""
    rows = csv.DictReader(io.StringIO(listed.removeprefix("\ufeff")), delimiter=";")
    lines = ["reference;decision;amount;list"]
    for row in rows:
        award = dice.random() < 0.8
        amount = max(1, int(row["requested"]) // share)
        lines.append(f"{row['reference']};{'bifall' if award else 'avslag'};{amount if award else ''};{row['list']}")
    return "\n".join(lines).encode()
