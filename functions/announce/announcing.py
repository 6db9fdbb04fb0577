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
from shared import keys
from shared.applications import Application
from shared.aws.decided import read_decided
from shared.aws.effects import BusyError, Effects
from shared.aws.messages import Functions, Topic
from shared.aws.rows import audit, commit_round_change, read_applications, read_rounds, replace_round, require_round
from shared.aws.table import ABSENT, ConditionFailedError, Item, Put, Table, Update
from shared.decisions import DecisionKind
from shared.instants import iso
from shared.problems import ProblemsError, refuse
from shared.programme import load
from shared.references import RANDOM_BYTES
from shared.rounds import Round, RoundState, wrong_state


@dataclass(frozen=True, slots=True)
class Announcing:
    """What announce works with. `publish_function` is the name of the function that writes the result pages, and
    `address` where they are, without a slash at its end."""

    table: Table
    effects: Effects
    awards: Topic
    functions: Functions
    publish_function: str
    address: str
    now: Callable[[], datetime]
    random: Callable[[int], bytes]

    def preview(self, round_id: str) -> dict[str, Any]:
        """What would go out next, or what went out last. Raises ProblemsError; 409 while decisions are not approved."""
        call = require_round(self.table, round_id)
        stored = self._claimed(call)
        if stored is not None:
            return _shown(stored)
        decided = self._approved(call)
        if decided is None and call.announcement is not None:
            return _shown(self.table.get(keys.announcement_key(round_id, call.announcement)) or {})
        return _shown(_as_item(self._compose(call, decided)))

    def publish(self, round_id: str, digest: str, who: str) -> dict[str, Any]:
        """Publish what has this digest, once. Raises ProblemsError; 409 for another digest, or when it is out."""
        call = require_round(self.table, round_id)
        stored = self._claimed(call)
        if stored is None:
            stored = self._claim(call, digest, who)
            call = replace(call, announcing=call.next_announcement, revision=call.revision + 1)
        elif stored["digest"] != digest:
            raise refuse("digest-changed", "digest", status=409, current=stored["digest"])
        try:
            return _shown(self._finish(call, stored))
        except BusyError as error:
            raise refuse("already-published", status=409) from error

    def finish(self, round_id: str) -> bool:
        """Publish what was claimed and did not go out. Returns whether it went out now."""
        call = require_round(self.table, round_id)
        stored = self._claimed(call)
        if stored is None:
            return False
        try:
            self._finish(call, stored)
        except (BusyError, ProblemsError):
            return False  # Somebody else is at it, or has done it.
        return True

    def _claimed(self, call: Round) -> Item | None:
        """What is approved and has not gone out."""
        return None if call.announcing is None else self.table.get(keys.announcement_key(call.id, call.announcing))

    def _approved(self, call: Round) -> Item | None:
        """The decisions that the next announcement tells of."""
        decided = self.table.get(keys.decisions_key(call.id, call.next_announcement))
        return decided if decided is not None and "approved_by" in decided else None

    def _compose(self, call: Round, decided: Item | None) -> Announcement:
        if call.state not in (RoundState.DECIDED, RoundState.ANNOUNCED) or decided is None:
            raise wrong_state(call.state, RoundState.DECIDED)
        applications = {one.id: one for one in read_applications(self.table, call.id)}
        awards = self._awards(call, decided, applications)
        made = self._correction(call, decided, applications, awards)
        return compose(
            call,
            load(call.programme),
            awards,
            call.next_announcement,
            self.now(),
            made,
            next_round=self._next_round(call),
            address=self.address,
        )

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

    def _claim(self, call: Round, digest: str, who: str) -> Item:
        """The round itself says that one is on its way, so that the scheduled job need not look for it."""
        decided, number = self._approved(call), call.next_announcement
        if decided is None and call.announcement is not None:
            raise refuse("already-published", status=409)
        announcement = self._compose(call, decided)
        if announcement.digest != digest:
            raise refuse("digest-changed", "digest", status=409, current=announcement.digest)
        now = self.now()
        item = {**_as_item(announcement), "claimed_at": iso(now), "claimed_by": who}
        key = keys.announcement_key(call.id, number)
        event = audit(
            call.id, now, who, "announcement approved", self.random(RANDOM_BYTES), number=number, digest=digest
        )
        on_its_way = replace_round(call, replace(call, announcing=number))
        commit_round_change(self.table, [on_its_way, Put(key, item, ABSENT), event])
        return {**item, **key}

    def _finish(self, call: Round, stored: Item) -> Item:
        """Publish, then note that it went out, then record it. The note is a write that meets nobody; the record
        may have to be tried again, by the next tick, and must not publish a second time for that."""
        effect = f"announcement-{stored['number']:04}"
        with self.effects.once(call.id, effect, self.now()) as mine:
            if mine:
                message_id = self.awards.publish_both(
                    stored["texts"]["sv"]["subject"], stored["email"], stored["document"], stored["attributes"]
                )
                self.effects.done(call.id, effect, self.now(), message_id=message_id)
        noted = self.table.get(keys.effect_key(call.id, effect)) or {}
        return self._record(call, stored, str(noted["message_id"]))

    def _record(self, call: Round, stored: Item, message_id: str) -> Item:
        now, number = self.now(), stored["number"]
        published = {"published_at": iso(now), "message_id": message_id}
        event = audit(
            call.id, now, stored["claimed_by"], "announcement published", self.random(RANDOM_BYTES), number=number
        )
        key, once = keys.announcement_key(call.id, number), Attr("published_at").not_exists()
        after = replace(call, state=RoundState.ANNOUNCED, announcement=number, announced_at=now, announcing=None)
        announced = replace_round(call, after)
        try:
            self.table.transact([announced, Update(key, set=published, condition=once), event])
        except ConditionFailedError as error:
            raise refuse("already-published", status=409) from error
        self._ask_for_pages(call)
        return {**stored, **published}

    def _ask_for_pages(self, call: Round) -> None:
        """The announcement is out whether or not this works; the scheduled job asks again until the pages are there."""
        with contextlib.suppress(BotoCoreError, ClientError):
            self.functions.start(self.publish_function, {"publish": "results", "round": call.id})


def _as_item(announcement: Announcement) -> Item:
    return {
        "number": announcement.number,
        "digest": announcement.digest,
        "texts": {
            language: {"subject": letter.subject, "body": letter.text}
            for language, letter in announcement.texts.items()
        },
        "email": announcement.email,
        "document": announcement.document,
        "attributes": announcement.attributes,
    }


def _shown(item: Item) -> dict[str, Any]:
    return {
        "number": item["number"],
        "digest": item["digest"],
        "texts": item["texts"],
        "document": item["document"],
        "published_at": item.get("published_at"),
        "message_id": item.get("message_id"),
    }
