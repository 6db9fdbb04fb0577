"""A wire between the functions and the cloud on which processes die: right before an effect outside, and right after.

The functions are told of it as they would be of any other endpoint, by a variable of their environment; a second one
has Python load the `witness`, so that each request says which process sent it and from which lines of code. A death is
SIGKILL for that very process. Killed before, its request never reaches the cloud; killed after, the cloud has done it
and nobody hears of that. Every way to an effect dies both deaths, and is passed unharmed from then on.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from boto3.dynamodb.conditions import Attr

from infrastructure.cloud.deployment import STACK
from infrastructure.demo.mischief import processes
from shared.aws.effects import LEASE
from shared.aws.table import ConditionFailedError, Update
from shared.instants import iso, parse_iso
from shared.keys import Key
from tests.end_to_end.crashes.outside import Point, points
from tests.end_to_end.crashes.witness.sitecustomize import FUNCTION, PLACES, PROCESS
from tests.end_to_end.installation import Installation

_WITNESS = Path(__file__).parent / "witness"
_HOP = {"connection", "keep-alive", "transfer-encoding", "expect", "content-length", PROCESS.lower()}
_HOP |= {FUNCTION.lower(), PLACES.lower()}
_READING = re.compile(r"^(Get|BatchGet|Query|List|Describe|Receive|Sign$|Head)")


class When(StrEnum):
    """Of a death, as seen from the effect."""

    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True, slots=True)
class Request:
    """One request of a function's process. `places` are the lines of the product that led to it, outermost first."""

    process: int
    function: str
    places: tuple[str, ...]
    operation: str
    body: bytes

    @property
    def is_effect(self) -> bool:
        """Whether it changes anything in the cloud."""
        return not _READING.match(self.operation)

    @property
    def gives_back(self) -> bool:
        """Whether it opens a claim again."""
        return self.operation == "UpdateItem" and b'"REMOVE ' in self.body and b'"claimed_at"' in self.body

    @property
    def point(self) -> str:
        """The innermost line of the function's own code. Example: functions/decide/deciding.py:80"""
        return [one for one in self.places if one.startswith("functions/")][-1]

    @property
    def step(self) -> tuple[str, ...]:
        """What is told apart: the line before that one, it, and where it led to. Receipts and decision letters leave
        through the same line, from different ones."""
        last = max(place for place, one in enumerate(self.places) if one.startswith("functions/"))
        return (self.function, self.operation, *self.places[max(0, last - 1) :])


@dataclass(frozen=True, slots=True)
class Death:
    """A process that died at a request."""

    request: Request
    when: When


@dataclass
class DeadlyWire:
    """Kills at each effect of these functions, once before and once after. `tell` gets a line for each death."""

    installation: Installation
    functions: frozenset[str]
    tell: Callable[[str], None]
    deaths: list[Death] = field(default_factory=list)
    had: int = 0
    """Effects that the cloud had."""
    _due: dict[tuple[str, ...], list[When]] = field(default_factory=dict)
    _claims: dict[int, dict[str, tuple[Key, str]]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def strung(self) -> Iterator[None]:
        """For the length of a block the functions reach the cloud through this wire alone."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        server.daemon_threads = True
        serving = threading.Thread(target=server.serve_forever, daemon=True)
        serving.start()
        extra = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}", "PYTHONPATH": str(_WITNESS)}
        before = {name: self._variables(name) for name in self.functions}
        try:
            for name, variables in before.items():
                self._configure(name, {**variables, **extra})
            yield
        finally:
            for name, variables in before.items():
                self._configure(name, variables)
            server.shutdown()
            serving.join()
            server.server_close()

    def _variables(self, name: str) -> dict[str, str]:
        found = self.installation.client("lambda").get_function_configuration(FunctionName=f"{STACK}-{name}")
        return dict(found["Environment"]["Variables"])

    def _configure(self, name: str, variables: Mapping[str, str]) -> None:
        self.installation.client("lambda").update_function_configuration(
            FunctionName=f"{STACK}-{name}", Environment={"Variables": dict(variables)}
        )

    def died(self, point: Point) -> set[When]:
        """How processes died at an effect in the code."""
        requests = [(one.request, one.when) for one in list(self.deaths) if point.is_at(one.request.point)]
        return {when for request, when in requests if request.gives_back == point.gives_back}

    # What the handler asks

    def fate(self, request: Request) -> When | None:
        """What becomes of whoever sends this request."""
        if not request.is_effect:
            return None
        with self._lock:
            due = self._due.setdefault(request.step, [When.BEFORE, When.AFTER])
            return due.pop(0) if due else None

    def spare(self, request: Request, fate: When) -> None:
        """It did not come to that death: the next one who sends the like dies it."""
        with self._lock:
            self._due[request.step].insert(0, fate)

    def kill(self, request: Request, when: When) -> None:
        """End the process that sent it. The lease of what it had claimed is over at once."""
        if request.process not in processes(self.installation.cloud).get(request.function, []):
            self.spare(request, when)
            return
        os.kill(request.process, signal.SIGKILL)
        self.deaths.append(Death(request, when))
        self.tell(f"died {when:<6}  {request.operation:<18}  {_described(request)}")
        self._let_leases_run_out(request.process)

    def _let_leases_run_out(self, process: int) -> None:
        with self._lock:
            left = self._claims.pop(process, {})
        for key, at in left.values():
            old = iso(parse_iso(at) - LEASE - timedelta(seconds=1))
            with suppress(ConditionFailedError):  # it was given back
                self.installation.table().write(
                    Update(key, set={"claimed_at": old}, condition=Attr("claimed_at").eq(at))
                )

    def happened(self, request: Request) -> None:
        """The cloud did it."""
        with self._lock:
            self.had += request.is_effect
            if claim := _claim(request):
                self._claims.setdefault(request.process, {})[json.dumps(claim[0])] = claim


def _described(request: Request) -> str:
    """For people. Example: functions/decide/deciding.py take_in store_set, line 60"""
    point = next((str(one) for one in points([request.function]) if one.is_at(request.point)), request.point)
    back = ", which gives back" if request.gives_back else ""
    return f"{point}, line {request.point.rpartition(':')[2]}{back}"


def _claim(request: Request) -> tuple[Key, str] | None:
    """The effect that a request claims, and when."""
    if request.operation != "UpdateItem":
        return None
    asked = json.loads(request.body)
    named = {name: marked for marked, name in asked.get("ExpressionAttributeNames", {}).items() if marked[1] == "u"}
    if "claimed_at" not in named or "tries" not in named:
        return None
    key = {name: value["S"] for name, value in asked["Key"].items()}
    at = asked["ExpressionAttributeValues"][":" + named["claimed_at"][1:]]["S"]
    return Key(pk=key["pk"], sk=key["sk"]), at


def _operation(method: str, path: str, headers: Mapping[str, str], body: bytes) -> str:
    """As AWS calls it."""
    target = headers.get("X-Amz-Target", "")
    if target:
        return target.rpartition(".")[2]
    parts = urlsplit(path)
    if parts.path.endswith("/invocations"):
        return "Invoke"
    if parts.path.endswith("/outbound-emails"):
        return "SendEmail"
    if body.startswith(b"Action=") or b"&Action=" in body:
        return parse_qs(body.decode())["Action"][0]
    asked = parse_qs(parts.query, keep_blank_values=True)
    return f"{method.capitalize()}Object{'Tagging' if 'tagging' in asked else ''}"


def _handler(wire: DeadlyWire) -> type[BaseHTTPRequestHandler]:
    cloud = wire.installation.cloud

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            request = Request(
                int(self.headers[PROCESS]),
                self.headers[FUNCTION].removeprefix(f"{STACK}-"),
                tuple(self.headers[PLACES].split()),
                _operation(self.command, self.path, dict(self.headers), body),
                body,
            )
            fate = wire.fate(request)
            if fate is When.BEFORE:
                self._die(request, fate)
                return
            answer, content = self._forward(body)
            if answer.status < 300:
                wire.happened(request)
                if fate is When.AFTER:
                    self._die(request, fate)
                    return
            elif fate is When.AFTER:  # the cloud did nothing, so nothing can be died after
                wire.spare(request, fate)
            self._answer(answer, content)

        def _die(self, request: Request, when: When) -> None:
            wire.kill(request, when)
            self.close_connection = True

        def _forward(self, body: bytes) -> tuple[http.client.HTTPResponse, bytes]:
            upstream = http.client.HTTPConnection("127.0.0.1", cloud.port, timeout=30)
            upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in _HOP:
                    upstream.putheader(name, value)
            upstream.putheader("Content-Length", str(len(body)))
            upstream.endheaders(body)
            answer = upstream.getresponse()
            content = answer.read()
            upstream.close()
            return answer, content

        def _answer(self, answer: http.client.HTTPResponse, content: bytes) -> None:
            with suppress(BrokenPipeError, ConnectionResetError):  # the cloud ended whoever asked
                self.send_response_only(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in _HOP:
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

        do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _pass  # noqa: N815

        def log_message(self, *_: Any) -> None:
            """Says nothing."""

    return Handler
