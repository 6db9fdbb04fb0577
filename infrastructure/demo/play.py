"""The play: every part at the doors that people use, and a check that each ended where it should."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from infrastructure.cloud.letters import Mail
from infrastructure.cloud.mailbox import mailbox
from infrastructure.cloud.running import Cloud
from infrastructure.demo.applicant import ApplicantClient, File, RefusedError
from infrastructure.demo.cast import Part, Play
from infrastructure.demo.staff import Officer
from infrastructure.page_folder import save
from shared import keys
from shared.results import addresses, everything

OPEN_SECONDS = 18
_HURRY = timedelta(seconds=8)
"""With less time than this left, and somebody still to apply, the round is extended: so slow machines keep up."""
GRACE_SECONDS = 2
_PATIENCE = 60.0
_AT_ONCE = 2

Tell = Callable[[str], None]


class UnexpectedError(Exception):
    """Something did not end where it should."""


@dataclass
class Stage:
    """Where the play takes place, and what it remembers. `tell` gets a line for each thing that happens."""

    cloud: Cloud
    api: str
    pages: str
    pages_bucket: str
    anna: Officer
    bertil: Officer
    play: Play
    tell: Tell
    closes_at: datetime = field(init=False)
    references: dict[str, Part] = field(default_factory=dict)
    clients: dict[str, ApplicantClient] = field(default_factory=dict)
    late: ApplicantClient | None = None
    late_form: dict[str, Any] = field(default_factory=dict)
    late_document: bytes = b""

    @property
    def round_id(self) -> str:
        """The round of this play."""
        return str(self.play.round["id"])

    def open(self) -> None:
        """Anna creates the round, and the scheduled job opens it."""
        now = datetime.now(UTC).replace(microsecond=0)
        self.closes_at = now + timedelta(seconds=OPEN_SECONDS)
        call = self.play.round
        self.anna.anslag(
            *("rounds", "create", self.round_id, "--programme", call["programme"]),
            *("--name-sv", call["name"]["sv"], "--name-en", call["name"]["en"]),
            *("--opens", now.isoformat(), "--closes", self.closes_at.isoformat()),
            *("--budget", str(call["budget"]), "--grace-seconds", str(GRACE_SECONDS)),
        )
        self.tell(f"{self.anna.name}: anslag rounds create {self.round_id}")
        self.anna.anslag("rounds", "advance")

    def apply(self) -> None:
        """Everybody applies, several at a time; whoever comes late only begins."""
        with ThreadPoolExecutor(_AT_ONCE) as crowd:
            for one in [crowd.submit(self._applicant, part) for part in self.play.parts]:
                while wait([one], timeout=1).not_done:
                    self._extend_if_late()
                self.tell(one.result())
        if datetime.now(UTC) > self.closes_at:
            raise UnexpectedError("this machine was too slow to apply before the deadline")

    def _extend_if_late(self) -> None:
        if datetime.now(UTC) < self.closes_at - _HURRY:
            return
        self.closes_at += timedelta(seconds=OPEN_SECONDS)
        reason = "Datorn är långsam"
        closes = self.closes_at.isoformat()
        self.anna.anslag("rounds", "extend", self.round_id, "--closes", closes, "--reason", reason)
        self.tell(f"{self.anna.name}: anslag rounds extend (some still apply, and this machine is slow)")

    def _applicant(self, part: Part) -> str:
        client = ApplicantClient(self.api)
        client.start(self.round_id)
        files = part.files()
        document = part.document(self.play.round["programme"], files)
        if part.comes_late:
            self.late, self.late_document = client, json.dumps(document).encode()
            self.late_form = client.forms(self.late_document)["forms"][-1]
            return f"{part.name} begins, and puts it off"
        self.references[client.reference], self.clients[part.name] = part, client
        if part.first_sends_mistakes:
            return self._mends(client, part, document, files)
        if part.sends_twice:
            return _sends_twice(client, part, document, files)
        status = client.outcome_of(client.send(document, files)["submission"])
        if part.false_attachment:
            _expect(part.name, status["state"], "refused")
            return f"{part.name} is refused: {status['refused']['problems'][0]['sv']}"
        _expect(part.name, status["state"], "submitted")
        if part.withdraws:
            _expect(part.name, client.withdraw()["state"], "withdrawn")
            return f"{part.name} applies, and withdraws"
        return f"{part.name} applies: {client.reference}"

    def _mends(self, client: ApplicantClient, part: Part, document: dict[str, Any], files: list[File]) -> str:
        wrong = json.loads(json.dumps(document))
        del wrong["contact"]["email"]
        wrong["project"]["starts"] = "snart"
        wrong["partners"][0]["country"] = "NO"
        wrong["attachments"] = []
        status = client.outcome_of(client.send(wrong)["submission"])
        _expect(part.name, status["state"], "refused")
        problems = len(status["refused"]["problems"])
        status = client.outcome_of(client.send(document, files)["submission"])
        _expect(part.name, status["state"], "submitted")
        return f"{part.name} is refused with {problems} problems, mends them and applies: {client.reference}"

    def close(self) -> None:
        """The deadline passes; somebody comes after it; the scheduled job proves the round and closes it."""
        _sleep_until(self.closes_at + timedelta(seconds=1.1))
        self._come_late()
        _sleep_until(self.closes_at + timedelta(seconds=GRACE_SECONDS + 3.2))
        self.anna.anslag("rounds", "advance")
        self.tell(f"{self.anna.name}: anslag rounds advance (the scheduled job, now instead of within a minute)")
        _wait(
            lambda: self.anna.ask("rounds", "show", self.round_id)["round"]["state"] == "closed", "the round to close"
        )
        _wait(lambda: self.letters("staff"), "the closing summary")

    def _come_late(self) -> None:
        if self.late is None:
            return
        try:
            self.late.forms(self.late_document)
        except RefusedError as refused:
            self.tell(f"Vadstena comes after the deadline: {refused.problems[0]['sv']}")
        else:
            raise UnexpectedError("forms were signed after the deadline")
        _sleep_until(self.closes_at + timedelta(seconds=GRACE_SECONDS + 1.1))
        answer = self.late.upload(self.late_form, self.late_document)
        _expect("S3's answer to a form from before the deadline", answer.status_code, 403)
        self.tell("Vadstena tries a form that it had kept; S3 refuses it, because forms end with the grace")

    def decide(self) -> None:
        """Anna fills in the list; she may not approve it herself; Bertil does."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "beslut.csv"
            self.anna.anslag("decisions", "out", self.round_id, str(file))
            file.write_text(self._filled_in(file.read_text(encoding="utf-8-sig")), encoding="utf-8-sig")
            entered = self.anna.ask("decisions", "in", self.round_id, str(file))
        self.tell(f"{self.anna.name}: anslag decisions in ({entered['awards']} awards, {entered['declined']} declined)")
        self.anna.anslag("decisions", "approve", self.round_id, "--digest", entered["digest"], expect=1)
        self.tell(f"{self.anna.name} tries to approve them herself, and may not")
        self.bertil.anslag("decisions", "approve", self.round_id, "--digest", entered["digest"])
        self.tell(f"{self.bertil.name}: anslag decisions approve")

    def _filled_in(self, text: str) -> str:
        rows = list(csv.DictReader(io.StringIO(text), delimiter=";"))
        for row in rows:
            award = self.references[row["reference"]].award
            row |= {"decision": "bifall" if award else "avslag", "amount": str(award or "")}
        out = io.StringIO()
        table = csv.DictWriter(out, list(rows[0]), delimiter=";")
        table.writeheader()
        table.writerows(rows)
        return out.getvalue()

    def announce(self) -> None:
        """Preview, then publish exactly that."""
        preview = self.bertil.ask("announcement", "preview", self.round_id)
        self.bertil.anslag("announcement", "publish", self.round_id, "--digest", preview["digest"], "--yes")
        self.tell(f"{self.bertil.name}: anslag announcement publish")
        _wait(lambda: self.letters("award"), "the announcement")
        _wait(self.result_page, "the result page")
        self.tell(f"The result page is there: {self.pages}/{addresses.round_page('sv', self.round_id)}")

    def result_page(self) -> str | None:
        """The round's page as everybody gets it, through CloudFront; None as long as it is not there."""
        address = urlsplit(f"{self.pages}/{addresses.round_page('sv', self.round_id)}")
        # By the endpoint, because names below localhost do not resolve everywhere.
        answer = requests.get(f"{self.cloud.endpoint}{address.path}", headers={"Host": address.netloc}, timeout=10)
        return answer.content.decode() if answer.ok and answer.headers["Content-Type"].startswith("text/html") else None

    def keep_pages(self, folder: Path) -> Path:
        """A copy of everything that was published, which outlives the cloud. Returns the round's page in it."""
        s3, bucket = self.cloud.client("s3"), self.pages_bucket
        found = []
        for one in s3.list_objects_v2(Bucket=bucket)["Contents"]:
            answer = s3.get_object(Bucket=bucket, Key=one["Key"])
            media_type = answer["ContentType"].partition(";")[0]
            found.append(everything.File(one["Key"], media_type, answer["Body"].read().decode()))
        shutil.rmtree(folder, ignore_errors=True)
        save(found, folder)
        return folder / f"{addresses.round_page('sv', self.round_id)}.html"

    def verify(self) -> None:
        """A receipt is checked without a network, an altered one is found, and the certificate is worked out again."""
        kept = self.clients["Piteå"].receipt()
        altered = {**kept, "statement": {**kept["statement"], "arrived_at": "2019-10-15T12:00:00Z"}}
        with tempfile.TemporaryDirectory() as folder:
            key, true, false = (Path(folder) / name for name in ("key.pem", "receipt.json", "altered.json"))
            self.anna.anslag("key", str(key))
            true.write_text(json.dumps(kept), encoding="utf-8")
            false.write_text(json.dumps(altered), encoding="utf-8")
            said = self.anna.anslag("verify", str(true), "--key", str(key)).out
            self.anna.anslag("verify", str(false), "--key", str(key), expect=1)
        self.tell(f"Piteå: anslag verify receipt.json: {said.splitlines()[0]}")
        self.tell("An altered copy of it is found out")
        said = self.anna.anslag("verify", self.round_id).out
        self.tell(f"{self.anna.name}: anslag verify {self.round_id}: {' '.join(said.split())}")

    def letters(self, which: str) -> list[Mail]:
        """What went out through the staff topic or the award topic, oldest first."""
        name = {"staff": "StaffTopic", "award": "AwardTopic"}[which]
        return [letter for letter in mailbox(self.cloud) if letter.topic and name in letter.topic]

    def told(self, kind: str) -> list[Mail]:
        """What went out to applicants of one kind, which the letters' identifiers begin with."""
        return [one for one in mailbox(self.cloud) if one.attributes.get("X-Anslag-Effect", "").startswith(kind)]

    def check(self) -> None:
        """Everything ended where it should, or UnexpectedError says what did not."""
        shown = self.anna.ask("rounds", "show", self.round_id)
        totals, certificate = shown["totals"], shown["certificate"]
        _expect("the state", shown["round"]["state"], "announced")
        _expect("applications", totals["applications"], {"submitted": 13, "withdrawn": 1, "refused": 1})
        _expect("outcomes", certificate["outcomes"], {"accepted": 14, "rejected": 2, "late": 0, "duplicate": 1})
        _expect("uploads without an outcome", (certificate["objects"], certificate["missing"]), (17, 0))
        _expect("turned away", totals["turned_away"], 1)
        _expect("the sum awarded", totals["awarded"], sum(part.award for part in self.play.parts))
        document = json.loads(self.letters("award")[0].document or "{}")
        _expect("the sum announced", document["totals"]["amount"], totals["awarded"])
        amounts = map(int, re.findall(r'data-number="(\d+)"', self.result_page() or ""))
        _expect("the sum on the result page", sum(amounts), totals["awarded"])
        self._check_letters()

    def _check_letters(self) -> None:
        # The schedule asks for letters every minute; nobody need wait for it here.
        self.anna.anslag("rounds", "advance")
        # All that were accepted, and the refused one whose address could be read; duplicates get no second one. Of the
        # closing everybody is told who still takes part, or was refused; of a decision whoever got one.
        for kind, count in ((keys.RECEIPTS, 15), (keys.CLOSING_LETTERS, 14), (keys.DECISION_LETTERS, 13)):
            _wait(partial(self._told_at_least, count, kind), f"letters named {kind}")
            _expect(f"letters named {kind}", len(self.told(kind)), count)

    def _told_at_least(self, count: int, kind: str) -> bool:
        return len(self.told(kind)) >= count


def _sends_twice(client: ApplicantClient, part: Part, document: dict[str, Any], files: list[File]) -> str:
    raw = json.dumps(document, ensure_ascii=False).encode()
    signed = client.forms(raw, files)
    contents = {file.sha256: file.content for file in files}
    for form in signed["forms"][:-1]:
        client.upload(form, contents[form["sha256"]]).raise_for_status()
    with ThreadPoolExecutor(2) as clicks:
        for answer in clicks.map(lambda form: client.upload(form, raw), [signed["forms"][-1]] * 2):
            answer.raise_for_status()
    status = client.outcome_of(signed["submission"])
    _expect(part.name, (status["state"], status["current"]["version"]), ("submitted", 1))
    return f"{part.name} double-clicks, and has one application: {client.reference}"


def _expect(what: str, found: object, expected: object) -> None:
    if found != expected:
        raise UnexpectedError(f"{what}: expected {expected}, found {found}")


def _sleep_until(instant: datetime) -> None:
    time.sleep(max(0.0, (instant - datetime.now(UTC)).total_seconds()))


def _wait(until: Callable[[], object], what: str) -> None:
    end = time.monotonic() + _PATIENCE
    while not until():
        if time.monotonic() > end:
            raise UnexpectedError(f"waited {_PATIENCE:.0f} seconds in vain for {what}")
        time.sleep(0.3)
