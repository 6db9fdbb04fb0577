"""A few rounds from their end to published files and messages, while the functions die at every effect outside.

Nobody repairs anything. A minute passes: the heartbeat's event comes. Two minutes pass: what a dead process had claimed
may be taken over. Staff who got an error do the same again, or see that it is done, and redrive dead letters.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from infrastructure.cloud.deployment import STACK
from infrastructure.demo.applicant import ApplicantClient
from infrastructure.demo.mischief import locked_out
from infrastructure.demo.staff import CommandFailedError
from shared import keys, totals
from shared.aws.effects import Effects
from tests.builders.documents import a_document
from tests.end_to_end.acts import decide
from tests.end_to_end.crashes.outside import Point, points
from tests.end_to_end.crashes.wire import DeadlyWire, When
from tests.end_to_end.installation import Installation
from tests.end_to_end.papers import FILES, PARTNERSHIP
from tests.end_to_end.waiting import until

FUNCTIONS = frozenset({"advance", "summarise", "acknowledge", "decide", "announce", "publish"})
"""What works from the end of a round on, beside what staff look at things with."""
ELSEWHERE: Mapping[str, str] = {
    "functions/advance/lifecycle.py _notices start": "before a round ends",
    "functions/advance/lifecycle.py _leftovers note": "more unsent drafts than one turn marks the files of",
    "functions/acknowledge/sending.py deliver keep": "a reminder, or the letter of an exception",
    "functions/acknowledge/sending.py deliver give_back": "a decision that a correction overtakes",
    "functions/summarise/summarising.py _digest once": "in the morning, whatever rounds do",
    "functions/summarise/summarising.py _digest publish_text": "in the morning, whatever rounds do",
    "functions/summarise/summarising.py _digest done": "in the morning, whatever rounds do",
    "functions/summarise/readers.py remember write": "in the morning, whatever rounds do",
    "functions/announce/announcing.py publish_at commit_round_change": "an announcement for an instant",
    "functions/announce/announcing.py call_off commit_round_change": "an announcement for an instant",
    "functions/announce/announcing.py _hold_back commit_round_change": "an announcement for an instant",
    "functions/decide/deciding.py take_back commit_round_change": "an approval that is taken back",
    "functions/decide/correcting.py take_in commit_round_change": "a correction",
    "functions/decide/correcting.py _facts store_set": "a correction",
}
"""Effects of these functions that do not lie between the end of a round and its publication."""
EFFECTS = 31
"""How many others there are: those that `make crashes` was last seen to go through."""
PATIENCE = 300.0
_WHILE = 2.0
Did = TypeVar("Did")


@dataclass(frozen=True)
class Person:
    """Who applies, and in which language they are told. `award` is in whole kronor, None a refusal."""

    name: str
    code: str
    language: str
    award: int | None

    def email(self, round_id: str) -> str:
        """Of their own in each round."""
        return f"{self.name}@{round_id}.example"

    def document(self, round_id: str) -> dict[str, Any]:
        """Their application."""
        return a_document(
            applicant={"kind": "municipality", "code": self.code},
            contact__email=self.email(round_id),
            language=self.language,
            project__years=1,
            budget=[{"year": 1, "category": "travel", "amount": 100_000}],
        )


PEOPLE = (
    Person("pitea", "2581", "sv", 90_000),
    Person("ockero", "1407", "en", 80_000),
    Person("almhult", "0765", "sv", None),
    Person("malmo", "1280", "en", None),
)
LOST = PEOPLE[1]
"""Of whose upload nobody is told, so that closing finds it."""


@dataclass(frozen=True)
class Applied:
    """A round whose end has passed. `references` are as people write them, by the person's name."""

    id: str
    references: Mapping[str, str]

    def reference(self, person: Person) -> str:
        """As rows have it."""
        return self.references[person.name].replace("-", "")

    @property
    def awards(self) -> dict[str, int]:
        """What staff are to decide, by reference."""
        return {self.references[one.name]: one.award for one in PEOPLE if one.award}


def apply(installation: Installation, round_id: str, lost: Person | None = None) -> Applied:
    """All apply, nobody is told of the upload of the one who is lost, and somebody else uploads two files and never
    sends."""
    with installation.open_for(round_id, programme=PARTNERSHIP, budget=1_000_000):
        clients = {one.name: installation.applicant(round_id, language=one.language) for one in PEOPLE}
        for one in PEOPLE:
            if one is not lost:
                _send(clients[one.name], one.document(round_id))
        if lost:
            with installation.notifications_lost():
                clients[lost.name].send(lost.document(round_id), FILES)
        _begin(installation.applicant(round_id))
    return Applied(round_id, {name: client.reference for name, client in clients.items()})


def _send(client: ApplicantClient, document: dict[str, Any]) -> None:
    client.outcome_of(client.send(document, FILES)["submission"])


def _begin(unsent: ApplicantClient) -> None:
    contents = {file.sha256: file.content for file in FILES}
    for form in unsent.forms(b"{}", FILES)["forms"]:
        if form["for"] != "document":
            unsent.upload(form, contents[form["sha256"]]).raise_for_status()


@dataclass(frozen=True)
class Staff:
    """Staff, and the clock."""

    installation: Installation
    wire: DeadlyWire

    def wait(self, done: Callable[[], bool], what: str) -> None:
        """Let minutes pass until it is so."""

        def look() -> bool:
            self._a_minute_passes()
            return done()

        until(look, what, seconds=PATIENCE)

    def _a_minute_passes(self) -> None:
        # Waited for, and so is what it started: beats that overlap, as no two minutes do, only start one process
        # beside the other.
        beat = json.dumps({"source": "heartbeat"})
        answer = self.installation.client("lambda").invoke(FunctionName=f"{STACK}-advance", Payload=beat)
        said = json.loads(answer["Payload"].read())
        if "FunctionError" not in answer and said["steps"]:
            time.sleep(_WHILE)

    def insist(self, deed: Callable[[], Did], done: Callable[[], bool] = lambda: False) -> Did | None:
        """Do it, and again a minute later where nobody answered, unless it was done all the same."""
        end = time.monotonic() + PATIENCE
        while True:
            try:
                return deed()
            except CommandFailedError as failed:
                if done():
                    return None
                if time.monotonic() > end:
                    raise
                self.wire.tell(f"staff try again: {' '.join(str(failed).split())[:200]}")
                self._a_minute_passes()

    def close(self, rounds: Sequence[Applied]) -> None:
        """Until all rounds are certified, and everybody was told. At first no mail can be sent."""
        back = (one for one in points(FUNCTIONS) if one.called == "give_back" and str(one) not in ELSEWHERE)
        (given_back,) = back
        with locked_out(self.installation, "AcknowledgeRole", "ses:SendEmail"):
            self.wait(
                lambda: self.wire.died(given_back) == set(When), "letters to fail, and their claim to be given back"
            )
        self.wait(lambda: all(told(self.installation, one.id, None) for one in rounds), "all to be told of the end")

    def announce(self, applied: Applied) -> None:
        """Decide, approve and announce a round, until its pages are there and everybody was told."""
        installation, anna, bertil = self.installation, self.installation.anna, self.installation.bertil

        def state() -> str:
            return str(installation.shown(applied.id)["round"]["state"])

        def decided() -> str:
            (installation.cloud.home / "beslut.xlsx").unlink(missing_ok=True)  # that of a try that failed
            return decide(installation, applied.id, applied.awards)

        self.insist(decided)
        digest = anna.ask("rounds", "show", applied.id)["decisions"]["digest"]
        approve = ("decisions", "approve", applied.id, "--digest", digest)
        self.insist(lambda: bertil.ask(*approve), lambda: state() == "decided")
        preview = bertil.ask("announcement", "preview", applied.id)
        publish = ("announcement", "publish", applied.id, "--digest", preview["digest"], "--yes")
        self.insist(lambda: bertil.ask(*publish), lambda: state() == "announced")
        self.wait(lambda: told(installation, applied.id, 1), "the result to be published, and all to be told")

    def redrive(self) -> list[str]:
        """Until no dead letter is left and nothing happens any more. Returns the reasons of those that were."""
        reasons: list[str] = []

        def calm() -> bool:
            letters = self.installation.anna.ask("dead-letters", "list")["dead_letters"]
            reasons.extend(str(one["reason"]) for one in letters)
            if letters:
                self.installation.anna.ask("dead-letters", "redrive", "--all")
            before = self.wire.had
            time.sleep(3)
            return not letters and self.wire.had == before

        until(calm, "everything to come to rest", seconds=PATIENCE)
        return reasons


def told(installation: Installation, round_id: str, announcement: int | None) -> bool:
    """Whether all that is due at that stage has been noted as done."""
    table = installation.table()
    outcomes = totals.outcomes_counted(table.get(keys.totals_key(round_id)) or {})
    wanted = {keys.letters_told(outcomes, 1, announcement), keys.CLOSING_SUMMARY}
    wanted |= {keys.LEFTOVERS_MARKED, keys.result_pages(announcement)} if announcement else set()
    return wanted <= Effects(table).all_done(round_id, "")


def missing(wire: DeadlyWire) -> list[str]:
    """Effects in the code at which no process died, before or after; and such as were said to lie elsewhere."""
    found: list[str] = []
    for point in sorted(points(FUNCTIONS)):
        died = wire.died(point)
        if str(point) not in ELSEWHERE:
            found += [f"nobody died {when} {_where(point)}" for when in When if when not in died]
        elif died:
            found.append(f"{_where(point)} is reached after all")
    return found


def _where(point: Point) -> str:
    return f"{point}, line {point.line}"
