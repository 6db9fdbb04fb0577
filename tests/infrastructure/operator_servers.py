"""Servers that answer the operator's command as a test wants, and remember what they were asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.infrastructure.operator_api import serving


@dataclass(frozen=True)
class Answer:
    """What to answer. Without a status: nothing, the connection just ends."""

    status: int | None = 200
    body: bytes = b"{}"
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "application/json"),)


@dataclass
class Scripted:
    """A server's answers, used up one by one; the last is given for ever. `hold` keeps them back, from the first or
    from another one on."""

    answers: list[Answer]
    url: str = ""
    asked: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    arrived: threading.Event = field(default_factory=threading.Event)
    hold: threading.Event | None = None
    holds_from: int = 1


def as_json(document: Any, status: int = 200) -> Answer:
    """An answer with that document."""
    return Answer(status, json.dumps(document).encode())


NO_ROUNDS = as_json({"rounds": []})
EMPTY = "No rounds yet. How to create one:\n  anslag rounds create --help\n"
"""What the command prints of `NO_ROUNDS`."""
PROBLEM = {"code": "round-changed", "path": "", "sv": "På svenska.", "en": "In English."}


class _Scripted(BaseHTTPRequestHandler):
    script: Scripted

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        """Every method is answered in one way."""
        self._answer()

    def do_POST(self) -> None:
        """See `do_GET`."""
        self._answer()

    def do_PUT(self) -> None:
        """See `do_GET`."""
        self._answer()

    def _answer(self) -> None:
        script = self.script
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        script.asked.append(f"{self.command} {self.path}")
        script.headers.append({name.lower(): value for name, value in self.headers.items()})
        answer = script.answers.pop(0) if len(script.answers) > 1 else script.answers[0]
        script.arrived.set()
        if script.hold is not None and len(script.asked) >= script.holds_from:
            script.hold.wait(30)
        if answer.status is None:
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)


@contextmanager
def scripted(*answers: Answer, hold: threading.Event | None = None) -> Iterator[Scripted]:
    """A server that gives these answers."""
    script = Scripted(list(answers), hold=hold)
    with serving(type("Server", (_Scripted,), {"script": script})) as url:
        script.url = url
        yield script


def stack_description(*outputs: tuple[str, str]) -> Answer:
    """What CloudFormation says of a stack with these outputs."""
    members = "".join(
        f"<member><OutputKey>{key}</OutputKey><OutputValue>{value}</OutputValue></member>" for key, value in outputs
    )
    body = f"""<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><DescribeStacksResult>
      <Stacks><member><StackName>anslag</StackName><CreationTime>2019-01-01T00:00:00Z</CreationTime>
      <StackStatus>CREATE_COMPLETE</StackStatus><Outputs>{members}</Outputs></member></Stacks>
    </DescribeStacksResult></DescribeStacksResponse>"""
    return Answer(200, body.encode(), (("Content-Type", "text/xml"),))


def aws_error(status: int, code: str, message: str) -> Answer:
    """What AWS's query services answer when they refuse."""
    body = f"<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
    return Answer(status, body.encode(), (("Content-Type", "text/xml"),))


def who_am_i(arn: str) -> Answer:
    """What STS says."""
    body = f"""<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
      <Arn>{arn}</Arn><UserId>x</UserId><Account>123456789012</Account>
    </GetCallerIdentityResult></GetCallerIdentityResponse>"""
    return Answer(200, body.encode(), (("Content-Type", "text/xml"),))
