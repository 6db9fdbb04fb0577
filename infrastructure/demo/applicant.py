"""An applicant at the public doors: the HTTP API, and the forms that it signs. What a page would do, in Python."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import requests

_PATIENCE = 60.0
_TIMEOUT = 60.0


class RefusedError(Exception):
    """The API answered with problems. `title` is the first of them, in the language that was asked for."""

    def __init__(self, status: int, problems: Sequence[Mapping[str, str]], title: str = "") -> None:
        self.status = status
        self.problems = tuple(problems)
        self.title = title
        super().__init__(f"{status}: " + "; ".join(f"{one['path']} {one['en']}".strip() for one in problems))


@dataclass(frozen=True)
class File:
    """A file on the applicant's disk."""

    kind: str
    name: str
    content: bytes
    type: str

    @property
    def sha256(self) -> str:
        """Of its content, in hexadecimal."""
        return hashlib.sha256(self.content).hexdigest()

    def as_json(self) -> dict[str, Any]:
        """The entry in application.json."""
        return {
            "kind": self.kind,
            "name": self.name,
            "size": len(self.content),
            "sha256": self.sha256,
            "type": self.type,
        }


@dataclass
class ApplicantClient:
    """One applicant with one application. `api` is the address of the HTTP API, `reads` what the browser asks for."""

    api: str
    token: str = ""
    reference: str = ""
    reads: str = "sv"
    session: requests.Session = field(default_factory=requests.Session)

    def start(self, round_id: str, language: str = "sv") -> None:
        """Begin an application and keep its private link. Raises RefusedError."""
        started = self.ask("POST", f"/rounds/{round_id}/applications", {"language": language})
        self.token, self.reference = started["token"], started["reference"]

    def round(self, round_id: str) -> dict[str, Any]:
        """A round as its page has it. Raises RefusedError."""
        return self.ask("GET", f"/rounds/{round_id}")

    def forms(self, document: bytes, files: Sequence[File] = ()) -> dict[str, Any]:
        """Ask for signed forms. Raises RefusedError."""
        wanted = {
            "document": {"size": len(document), "sha256": hashlib.sha256(document).hexdigest()},
            "attachments": [
                {name: file.as_json()[name] for name in ("name", "size", "sha256", "type")} for file in files
            ],
        }
        return self.ask("POST", "/application/forms", wanted)

    def upload(self, form: Mapping[str, Any], content: bytes) -> requests.Response:
        """Post one file through its form; S3 answers 204, or says why not."""
        return self.session.post(form["url"], data=form["fields"], files={"file": content}, timeout=_TIMEOUT)

    def send(self, document: Mapping[str, Any], files: Sequence[File] = ()) -> dict[str, Any]:
        """Upload the attachments, and last the document that commits them. Returns the forms that were used.

        Raises RefusedError, or requests.HTTPError where S3 refuses an upload.
        """
        raw = json.dumps(document, ensure_ascii=False).encode()
        signed = self.forms(raw, files)
        contents = {file.sha256: file.content for file in files}
        for form in signed["forms"]:
            content = raw if form["for"] == "document" else contents[form["sha256"]]
            self.upload(form, content).raise_for_status()
        return signed

    def status(self) -> dict[str, Any]:
        """How the application stands. Raises RefusedError."""
        return self.ask("GET", "/application")

    def draft(self) -> dict[str, Any]:
        """What was last saved. Raises RefusedError."""
        return self.ask("GET", "/application/draft")

    def save(self, revision: int, draft: Mapping[str, Any], editor: str = "window") -> dict[str, Any]:
        """Save what was typed, going on from that revision. Raises RefusedError."""
        return self.ask("PUT", "/application/draft", {"revision": revision, "editor": editor, "draft": draft})

    def mail_link(self, email: str, language: str = "sv") -> dict[str, Any]:
        """Have the private link sent. Raises RefusedError."""
        return self.ask("POST", "/application/link", {"email": email, "language": language})

    def history(self) -> dict[str, Any]:
        """Everything that was sent. Raises RefusedError."""
        return self.ask("GET", "/application/history")

    def receipt(self, submission: str | None = None) -> dict[str, Any]:
        """The signed receipt of a submission; without its name, of what was sent last. Raises RefusedError."""
        return self.ask("GET", "/application/receipt" + (f"?submission={submission}" if submission else ""))

    def outcome_of(self, submission: str) -> dict[str, Any]:
        """Wait until the submission is recorded, and return the status then. Raises TimeoutError."""
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            status = self.status()
            seen = {status.get(which, {}).get("submission") for which in ("current", "refused")}
            if submission in seen:
                return status
            time.sleep(0.15)
        raise TimeoutError(f"{self.reference}: no outcome of {submission} in {_PATIENCE:.0f} seconds")

    def withdraw(self) -> dict[str, Any]:
        """Withdraw the application. Raises RefusedError."""
        return self.ask("POST", "/application/withdrawal", {})

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """What the API answers. Raises RefusedError."""
        headers = {"Accept-Language": self.reads} | ({"Authorization": f"Bearer {self.token}"} if self.token else {})
        answer = self.session.request(method, self.api + path, json=body, headers=headers, timeout=_TIMEOUT)
        if not answer.ok:
            said = answer.json()
            raise RefusedError(answer.status_code, said.get("problems", []), said.get("title", ""))
        content: dict[str, Any] = answer.json()
        return content
