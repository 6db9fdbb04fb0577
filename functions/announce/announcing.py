"""The announcement: previewed, claimed in the table, published once, finished by the next tick if this died.

A correction is the announcement with the next number, and goes the same way.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from boto3.dynamodb.conditions import Attr
from botocore.exceptions import BotoCoreError, ClientError

from functions.announce.announcement import Announcement, Award, compose
from functions.announce.correcting import Correction, correction
from functions.announce.letters import one_answer
from functions.announce.stored import as_item, shown
from shared import keys
from shared.announcements import is_as_read, resting_on, said
from shared.applications import Application
from shared.aws.decided import read_announced, read_decided
from shared.aws.effects import BusyError, Effects
from shared.aws.messages import Functions, Topic
from shared.aws.rows import (
    audit,
    change_round,
    commit_round_change,
    left_by,
    read_applications,
    read_rounds,
    require_round,
)
from shared.aws.table import ABSENT, ConditionFailedError, Item, Put, Table, Update
from shared.decision_letters import DecisionLetters
from shared.decisions import DecisionKind, list_digest
from shared.instants import BadInstantError, from_local, iso, whole_second
from shared.problems import ProblemsError, refuse
from shared.programme import load
from shared.references import RANDOM_BYTES
from shared.rounds import Embargo, Round, RoundState, embargo_is_over, wrong_state
from shared.trail import (
    ANNOUNCED,
    ANNOUNCEMENT_APPROVED,
    ANNOUNCEMENT_CALLED_OFF,
    ANNOUNCEMENT_HELD_BACK,
    ANNOUNCEMENT_TIMED,
    row_digest,
)


class AlteredError(Exception):
    """What is stored of an announcement is not what was read: somebody altered it on its way out. A person has to look,
    so that this is no refusal, which is told to whoever asked and forgotten, but a failure, which raises the alarm."""


@dataclass(frozen=True, slots=True)
class Announcing:
    """What announce works with. `publish_function` is the name of the function that writes the result pages, and
    `address` where they are, without a slash at its end; `sends_letters` says whether applicants get e-mail at all."""

    table: Table
    effects: Effects
    awards: Topic
    functions: Functions
    publish_function: str
    address: str
    now: Callable[[], datetime]
    random: Callable[[int], bytes]
    sends_letters: bool

    def preview(self, round_id: str) -> dict[str, Any]:
        """What would go out next, or what went out last, and what went out before it. Whoever is to approve decisions
        reads it too: `to_approve` is the digest of theirs until somebody has. `decisions` is the digest of those that
        it rests on. Raises ProblemsError; 409 without decisions, or where applications have changed since then."""
        call = require_round(self.table, round_id)
        found = self._preview(call)
        before = [keys.announcement_key(round_id, number) for number in range(1, found["number"])]
        earlier = [self.table.get(key) or {} for key in before]
        return {
            **found,
            "decisions": self._digest(call, found["number"]),
            "earlier": [{"document": one["document"], "texts": one["texts"]} for one in earlier],
        }

    def letters(self, round_id: str, after: str = "") -> dict[str, Any]:
        """The decision letters that go out with what `preview` shows, or went out: those of applications after that
        one, as many as fit into an answer. Raises ProblemsError as `preview` does."""
        call = require_round(self.table, round_id)
        number = self._number_shown(call)
        resting = {"number": number, "decisions": self._digest(call, number), "sent_to_applicants": self.sends_letters}
        if not self.sends_letters:
            return {**resting, "letters": [], "next": None}
        letters = DecisionLetters(call, read_announced(self.table, round_id, number), self.address)
        noted = self.effects.begun(round_id, keys.DECISION_LETTERS)
        due = letters.due(noted)
        applications = {one.id: one for one in read_applications(self.table, round_id)}
        told, following = one_answer(letters, (one for one in due if one.decision.application > after), applications)
        return {**resting, "letters": told, "next": following}

    def _digest(self, call: Round, number: int) -> str | None:
        """Of the decisions that the announcement with this number tells of."""
        return (self.table.get(keys.decisions_key(call.id, number)) or {}).get("digest")

    def _number_shown(self, call: Round) -> int:
        """The announcement that `preview` shows."""
        if call.announcing is not None:
            return call.announcing
        if self._entered(call) is not None:
            return call.next_announcement
        if call.announcement is None:
            raise _nothing_decided(call)
        return call.announcement

    def _preview(self, call: Round) -> dict[str, Any]:
        stored = self._claimed(call) or self._timed(call)
        if stored is not None:
            return shown(stored, call.embargo)
        decided = self._entered(call)
        if decided is None and call.announcement is not None:
            return shown(self.table.get(keys.announcement_key(call.id, call.announcement)) or {})
        found = shown(as_item(self._compose(call, decided)))
        return found if decided is None or "approved_by" in decided else found | {"to_approve": decided["digest"]}

    def publish(self, round_id: str, digest: str, who: str) -> dict[str, Any]:
        """Publish what has this digest, once. Raises ProblemsError; 409 for another digest, or when it is out or on its
        way."""
        call = require_round(self.table, round_id)
        stored = self._claimed(call)
        if stored is None:
            if call.embargo is not None:
                raise refuse("announcement-timed", status=409)
            call, stored = self._claim(call, as_item(self._approved_content(call, digest)), who)
        elif stored["digest"] != digest:
            raise refuse("digest-changed", "digest", status=409, current=stored["digest"])
        try:
            return shown(self._finish(call, stored))
        except BusyError as error:
            # Its claim is somebody's who is at it, or who died: then the next tick goes on with it.
            raise refuse("announcement-on-its-way", status=409) from error

    def finish(self, round_id: str) -> bool:
        """Publish what was claimed and did not go out, and what was to go out by now. Returns whether it did now."""
        call = require_round(self.table, round_id)
        stored = self._claimed(call)
        try:
            if stored is None:
                released = self._release(call)
                if released is None:
                    return False
                call, stored = released
            self._finish(call, stored)
        except (BusyError, ProblemsError):
            return False  # Somebody else is at it, or has done it.
        return True

    def publish_at(self, round_id: str, digest: str, at: str, who: str) -> dict[str, Any]:
        """Have what has this digest go out at an instant, as people write one in the programme's zone.

        It is kept as it was read. Raises ProblemsError; another instant replaces the one before, and leaves what was
        kept as it is. Where that is not true any more, it has to be called off first.
        """
        call, now = require_round(self.table, round_id), self.now()
        if call.announcing is not None:
            raise refuse("announcement-on-its-way", status=409)
        embargo = Embargo(_coming("at", at, call, now), digest, who)
        item, number = self._to_keep(call, digest), call.next_announcement
        event = audit(
            round_id,
            now,
            who,
            ANNOUNCEMENT_TIMED,
            self.random(RANDOM_BYTES),
            number=number,
            digest=digest,
            publish_at=iso(embargo.at),
        )
        kept = Put(keys.timed_announcement_key(round_id, number), item)
        commit_round_change(self.table, [*change_round(call, replace(call, embargo=embargo), event), kept])
        return shown(item, embargo)

    def call_off(self, round_id: str, who: str) -> dict[str, Any]:
        """Have nothing go out after all. Raises ProblemsError; 409 where nothing was to, or it has."""
        call = require_round(self.table, round_id)
        if call.embargo is None:
            raise refuse("nothing-timed", status=409)
        number = call.next_announcement
        event = audit(round_id, self.now(), who, ANNOUNCEMENT_CALLED_OFF, self.random(RANDOM_BYTES), number=number)
        commit_round_change(self.table, change_round(call, replace(call, embargo=None), event))
        return {"number": number, "digest": call.embargo.digest, "publish_at": None}

    def _timed(self, call: Round) -> Item | None:
        """What is to go out at an instant, as it was read."""
        if call.embargo is None:
            return None
        return self.table.get(keys.timed_announcement_key(call.id, call.next_announcement))

    def _to_keep(self, call: Round, digest: str) -> Item:
        """What has this digest. While something is timed, that is all that anybody can have read."""
        kept = self._timed(call)
        if kept is None:
            return as_item(self._approved_content(call, digest))
        if kept["digest"] != digest:
            raise refuse("digest-changed", "digest", status=409, current=kept["digest"])
        if call.embargo is None or not self._is_true(call, kept, call.embargo):
            raise refuse("announcement-timed", status=409)
        return kept

    def _release(self, call: Round) -> tuple[Round, Item] | None:
        """Claim what was to go out by now. None where nothing was, or where it is held back."""
        now = self.now()
        if call.embargo is None or not embargo_is_over(call, now):
            return None
        kept = self._timed(call)
        if kept is None or not self._is_true(call, kept, call.embargo):
            self._hold_back(call, call.embargo)
            return None
        item = {name: value for name, value in kept.items() if name not in ("pk", "sk")}
        item["document"] = {**item["document"], "announced_at": iso(now)}
        return self._claim(call, item, call.embargo.by)

    def _is_true(self, call: Round, kept: Item, embargo: Embargo) -> bool:
        """Whether it is what was read, and the approved decisions still come to what it says."""
        decided = self._approved(call)
        try:
            composed = self._compose(call, decided)
        except ProblemsError:
            return False
        as_read = decided is not None and is_as_read(kept, decided["digest"]) and kept["digest"] == embargo.digest
        # What a text says beside its document (when the next round opens) may age.
        return as_read and said(composed.document) == said(kept["document"])

    def _hold_back(self, call: Round, embargo: Embargo) -> None:
        """What it says is not what the approved decisions come to any more: people have to look."""
        event = audit(
            call.id,
            self.now(),
            embargo.by,
            ANNOUNCEMENT_HELD_BACK,
            self.random(RANDOM_BYTES),
            number=call.next_announcement,
        )
        held = replace(call, embargo=replace(embargo, held_back=True))
        commit_round_change(self.table, change_round(call, held, event))

    def _claimed(self, call: Round) -> Item | None:
        """What is approved and has not gone out."""
        return None if call.announcing is None else self.table.get(keys.announcement_key(call.id, call.announcing))

    def _entered(self, call: Round) -> Item | None:
        """The decisions that the next announcement tells of, once they are approved. Raises ProblemsError where they
        cannot be any more, as approving does."""
        decided = self._standing(call)
        if decided is None or call.state is not RoundState.CLOSED:
            return decided
        if decided["list"] != list_digest(read_applications(self.table, call.id)):
            raise refuse("decisions-outdated", status=409)
        return decided

    def _standing(self, call: Round) -> Item | None:
        """What was handed in for the next announcement; raises ProblemsError where its approval was taken back."""
        decided = self.table.get(keys.decisions_key(call.id, call.next_announcement))
        if decided is None or "taken_back" not in decided:
            return decided
        if call.announcement is None:
            raise refuse("approval-taken-back", status=409, reason=decided["taken_back"]["reason"])
        return None

    def _approved(self, call: Round) -> Item | None:
        """The decisions that the next announcement tells of."""
        decided = self.table.get(keys.decisions_key(call.id, call.next_announcement))
        return decided if decided is not None and "approved_by" in decided else None

    def _compose(self, call: Round, decided: Item | None) -> Announcement:
        if decided is None:
            raise _nothing_decided(call)
        applications = {one.id: one for one in read_applications(self.table, call.id)}
        awards = self._awards(call, decided, applications)
        made = self._correction(call, decided, applications, awards)
        composed = compose(
            call,
            load(call.programme),
            awards,
            call.next_announcement,
            self.now(),
            made,
            next_round=self._next_round(call),
            address=self.address,
        )
        return replace(composed, digest=resting_on(composed.digest, decided["digest"]))

    def _next_round(self, call: Round) -> Round | None:
        """The next round of the same programme, whatever its edition, that is planned and has not opened."""
        programme, now = load(call.programme).id, self.now()
        coming = [
            one
            for one in read_rounds(self.table)
            if one.state is RoundState.SCHEDULED and one.opens_at > now and load(one.programme).id == programme
        ]
        return min(coming, key=lambda one: (one.opens_at, one.id), default=None)

    def _correction(
        self, call: Round, decided: Item, applications: Mapping[str, Application], awards: list[Award]
    ) -> Correction | None:
        if call.announcement is None:
            return None
        before = self.table.get(keys.decisions_key(call.id, call.announcement)) or {}
        return correction(decided["reason"], self._awards(call, before, applications), awards)

    def _awards(self, call: Round, decided: Item, applications: Mapping[str, Application]) -> list[Award]:
        awards = []
        for decision in read_decided(self.table, call.id, decided):
            current = applications[decision.application].current
            if decision.kind is DecisionKind.AWARD and current is not None:
                awards.append(Award.of(decision.application, current.facts, decision.amount))
        return awards

    def _approved_content(self, call: Round, digest: str) -> Announcement:
        """What two people approved, where it has the digest that was read."""
        decided = self._standing(call)
        if decided is None and call.announcement is not None:
            raise refuse("already-published", status=409)
        if decided is not None and "approved_by" not in decided:
            raise refuse("not-approved", status=409)
        announcement = self._compose(call, decided)
        if announcement.digest != digest:
            raise refuse("digest-changed", "digest", status=409, current=announcement.digest)
        return announcement

    def _claim(self, call: Round, content: Item, who: str) -> tuple[Round, Item]:
        """The round itself says that one is on its way, so that the scheduled job need not look for it."""
        now, number = self.now(), call.next_announcement
        item = {**content, "claimed_at": iso(now), "claimed_by": who}
        key = keys.announcement_key(call.id, number)
        facts = {"number": number, "digest": content["digest"], "row": row_digest(item)}
        event = audit(call.id, now, who, ANNOUNCEMENT_APPROVED, self.random(RANDOM_BYTES), **facts)
        after = replace(call, announcing=number, embargo=None)
        writes = change_round(call, after, event)
        commit_round_change(self.table, [*writes, Put(key, item, ABSENT)])
        return left_by(writes, call), {**item, **key}

    def _finish(self, call: Round, stored: Item) -> Item:
        """Publish, then note that it went out, then record it. The note is a write that meets nobody; the record
        may have to be tried again, by the next tick, and must not publish a second time for that.

        Raises AlteredError.
        """
        decided = self.table.get(keys.decisions_key(call.id, stored["number"])) or {}
        if not is_as_read(stored, decided.get("digest", "")):
            raise AlteredError(f"announcement {stored['number']} of {call.id}")
        effect = f"announcement-{stored['number']:04}"
        with self.effects.once(call.id, effect, self.now()) as mine:
            if mine:
                # The language that the e-mail begins in. The programme's file may say another by now.
                first = stored["attributes"]["languages"][0]
                told = (stored["texts"][first]["subject"], stored["email"], stored["document"], stored["attributes"])
                message_id = self.awards.publish_both(*told, effect=f"{call.id} {effect}")
                self.effects.done(call.id, effect, self.now(), message_id=message_id)
        noted = self.table.get(keys.effect_key(call.id, effect)) or {}
        return self._record(call, stored, str(noted["message_id"]))

    def _record(self, call: Round, stored: Item, message_id: str) -> Item:
        now, number = self.now(), stored["number"]
        published = {"published_at": iso(now), "message_id": message_id}
        facts = {"number": number, "message_id": message_id}
        event = audit(call.id, now, stored["claimed_by"], ANNOUNCED, self.random(RANDOM_BYTES), **facts)
        key, once = keys.announcement_key(call.id, number), Attr("published_at").not_exists()
        after = replace(call, state=RoundState.ANNOUNCED, announcement=number, announced_at=now, announcing=None)
        try:
            self.table.transact([*change_round(call, after, event), Update(key, set=published, condition=once)])
        except ConditionFailedError as error:
            raise refuse("already-published", status=409) from error
        self._ask_for_pages(call)
        return {**stored, **published}

    def _ask_for_pages(self, call: Round) -> None:
        """The announcement is out whether or not this works; the scheduled job asks again until the pages are there."""
        with contextlib.suppress(BotoCoreError, ClientError):
            self.functions.start(self.publish_function, {"publish": "results", "round": call.id})


def _nothing_decided(call: Round) -> ProblemsError:
    closed = call.state is RoundState.CLOSED
    return refuse("no-decisions", status=409) if closed else wrong_state(call.state, RoundState.DECIDED)


def _coming(path: str, text: str, call: Round, now: datetime) -> datetime:
    try:
        at = whole_second(from_local(text, load(call.programme).zone, end_of_day=False))
    except BadInstantError as error:
        raise refuse("bad-instant", path, given=text) from error
    if at <= now:
        raise refuse("instant-past", path, given=text)
    return at
