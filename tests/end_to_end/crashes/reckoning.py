"""What must be true of a round at the end, whoever died on the way. Looks, and mends nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from infrastructure.cloud.letters import Mail
from shared import keys
from shared.aws.rows import read_rounds
from shared.results.everything import all_files
from shared.results.publication import Announcement, Publication
from tests.end_to_end.crashes.round import PEOPLE, Applied, Person
from tests.end_to_end.crashes.wire import DeadlyWire, When
from tests.end_to_end.installation import Installation

ONCE = ("round closing", "round closed", "decisions approved", "announcement approved", "announcement published")
"""What the audit trail tells of each round once."""


@dataclass
class Reckoning:
    """Faults as sentences, and what was looked at."""

    installation: Installation
    wire: DeadlyWire
    letters: int = 0
    repeats: int = 0
    files: int = 0

    def faults(self, rounds: Sequence[Applied]) -> list[str]:
        """All there are."""
        found = [fault for one in rounds for fault in self._of_round(one)]
        found += [f"a dead letter is left: {one['reason']}" for one in self._dead_letters()]
        return [*found, *self._published(rounds)]

    def _dead_letters(self) -> list[dict[str, str]]:
        left: list[dict[str, str]] = self.installation.anna.ask("dead-letters", "list")["dead_letters"]
        return left

    def _of_round(self, applied: Applied) -> list[str]:
        """Faults of its rows and messages."""
        found = [*self._certificate(applied), *self._messages(applied)]
        for one in PEOPLE:
            found += self._letters(applied, one)
        return [f"{applied.id}: {fault}" for fault in found]

    def _certificate(self, applied: Applied) -> Iterator[str]:
        verified = self.installation.anna.ask("verify", applied.id)
        if verified["differences"] or verified["after_certificate"]:
            yield f"verify finds {verified['differences']}, {verified['after_certificate']} after the certificate"
        certificate = verified["certificate"]
        counted = certificate["objects"], certificate["outcomes"]["accepted"], certificate["missing"]
        if counted != (len(PEOPLE), len(PEOPLE), 0):
            yield f"the certificate counts {counted}"
        shown, recounted = self.installation.shown(applied.id), self.installation.recount(applied.id)
        if {**shown["totals"], "awarded": None} != recounted:
            yield "the totals are not those of the rows"
        if shown["totals"]["awarded"] != sum(applied.awards.values()):
            yield f"{shown['totals']['awarded']} kronor are awarded"
        events = Counter(
            event["what"] for event in self.installation.anna.ask("rounds", "events", applied.id)["events"]
        )
        yield from (f"'{what}' is in the audit trail {events[what]} times" for what in ONCE if events[what] != 1)

    def _letters(self, applied: Applied, one: Person) -> Iterator[str]:
        sent = self.installation.letters(to=one.email(applied.id))
        by_effect: dict[str, list[Mail]] = {}
        for letter in sent:
            by_effect.setdefault(letter.attributes["X-Anslag-Effect"], []).append(letter)
        reference = applied.reference(one)
        (version,) = (
            row.version_id for row in self.installation.submissions(applied.id) if row.application == reference
        )
        receipts = {name for name in by_effect if name.startswith(keys.RECEIPTS) and name.endswith(version)}
        decision = keys.decision_letter(reference, 1)
        wanted = {keys.closing_letter(reference, 1), decision}
        if len(receipts) != 1 or set(by_effect) != receipts | wanted:
            yield f"{one.name} got {sorted(by_effect)}"
            return
        for effect, letters in by_effect.items():
            yield from (f"{one.name}: {fault}" for fault in self._alike(letters, effect, applied.id))
        yield from (f"{one.name}: {fault}" for fault in _speaks(by_effect[decision][0], one, applied.id))

    def _messages(self, applied: Applied) -> Iterator[str]:
        summaries = self.installation.letters(topic="StaffTopic", naming=f"Omgång {applied.id}")
        announcements = self.installation.letters(topic="AwardTopic", naming=f'"id":"{applied.id}"')
        yield from self._alike(summaries, keys.CLOSING_SUMMARY, applied.id)
        yield from self._alike(announcements, "announcement-0001", applied.id)

    def _alike(self, messages: Sequence[Mail], effect: str, round_id: str) -> Iterator[str]:
        """One and the same message, as often as a death can explain."""
        self.letters += 1
        self.repeats += max(0, len(messages) - 1)
        if not messages:
            yield f"{effect} never went out"
        elif len({(one.subject, one.body, one.document) for one in messages}) > 1:
            yield f"{effect} went out with different texts"
        elif len(messages) > (explained := 1 + self._deaths(messages[0], effect, round_id)):
            yield f"{effect} went out {len(messages)} times, where deaths explain {explained}"

    def _deaths(self, message: Mail, effect: str, round_id: str) -> int:
        """Of those who had sent it and could not say so any more."""
        count = 0
        for one in self.wire.deaths:
            body, request = one.request.body.decode(), one.request
            if one.when is When.BEFORE:
                notes = '"done_at"' in body and '"tries"' not in body  # a claim names both
                count += notes and f'EFFECT#{effect}"' in body and f'#{round_id}"' in body
            elif request.operation == "SendEmail":
                count += f'"{effect}"' in body
            elif request.operation == "Publish":
                count += round_id in body and (message.topic or "").rpartition(":")[2] in body
        return count

    def _published(self, rounds: Sequence[Applied]) -> list[str]:
        """Where files are not those that the announcements in the rows make, in both languages."""
        stored = self._stored()
        table, address = self.installation.table(), self.installation.outputs["PagesUrl"]
        announced = {call.id: self._publication(call.id) for call in read_rounds(table) if call.announcement}
        found = [f"{one.id} is not announced" for one in rounds if one.id not in announced]
        files = list(all_files(announced.values(), address))
        self.files = len(files)
        found += [f"{file.path} is not published" for file in files if file.path not in stored]
        return found + [
            f"{file.path} is not what the rows say"
            for file in files
            if stored.get(file.path, file.text.encode()) != file.text.encode()
        ]

    def _publication(self, round_id: str) -> Publication:
        items = self.installation.table().query(keys.round_partition(round_id), keys.ANNOUNCEMENTS)
        return Publication.of(Announcement.of(one["document"], one["texts"]) for one in items if "published_at" in one)

    def _stored(self) -> dict[str, bytes]:
        s3, bucket = self.installation.client("s3"), self.installation.outputs["PagesBucketName"]
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        named = [one["Key"] for page in pages for one in page.get("Contents", [])]
        return {name: s3.get_object(Bucket=bucket, Key=name)["Body"].read() for name in named}


def _speaks(letter: Mail, one: Person, round_id: str) -> Iterator[str]:
    """A decision letter tells of the round in the reader's language, and of their award."""
    speaks = f"Omgång {round_id}" in letter.body, f"Round {round_id}" in letter.body
    if speaks != (one.language == "sv", one.language == "en"):
        yield f"the decision letter is not in {one.language}"
    plain = letter.body.replace("\N{NO-BREAK SPACE}", " ").replace(",", " ")
    if one.award and f"{one.award // 1000} 000" not in plain:
        yield f"the decision letter does not say {one.award} kronor"
