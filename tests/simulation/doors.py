"""The HTTP doors: a request as API Gateway wraps it, the real handler in a running copy of its own, its answer; and
whether that answer says what became of the request."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from shared.aws.table import ConflictError
from shared.problems import ProblemsError
from tests.builders.events import Context, http_event
from tests.builders.gateway import Route, route
from tests.simulation.cloud import PAGES, Cloud
from tests.simulation.handlers import copy_of

HTTP_COPIES = range(10, 40)
"""Numbers of the running copies that answer requests; others take events."""
WORKS: Mapping[str, tuple[str, ...]] = {
    "apply": ("applying", "drafting", "mailing", "attesting"),
    "administer": ("administering", "exceptions", "dead_letters", "verifying"),
    "decide": ("deciding", "correcting"),
    "announce": ("announcing",),
}
"""What each function works with, by the names that its handler has for it; the simulated account has the same."""
_APPLICANT = "applicant"
"""How the audit trail names whoever came with a private link."""
_RACES = frozenset({"MessageNotInflight"})
"""What AWS refuses where somebody else was faster. Whatever else it refuses should not have been asked for."""
Seen = list[Exception | None]


class RefusedError(Exception):
    """An answer of 400 or more, below 500, and the codes of its problems."""

    def __init__(self, status: int, codes: list[str]) -> None:
        self.status, self.codes = status, codes
        super().__init__(f"{status}: {', '.join(codes)}")


class FailedError(Exception):
    """An answer of 500 or more."""


class _Observed:
    """What a handler works with. Notes of everything that is asked of it whether it was done, and why not."""

    def __init__(self, work: Any, seen: Seen) -> None:
        self._work, self._seen = work, seen

    def __getattr__(self, name: str) -> Any:
        member = getattr(self._work, name)
        if not callable(member):
            return member

        def asked(*some: Any, **named: Any) -> Any:
            try:
                result = member(*some, **named)
            except Exception as error:
                self._seen.append(error)
                raise
            self._seen.append(None)
            return result

        return asked


class Doors:
    """API Gateway with the functions behind it. As in Lambda, a running copy has one request at a time, and a request
    that finds all of them busy gets a new one."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.busy: set[tuple[str, int]] = set()
        self._signers: dict[str, str] = {}
        """By task, who the audit trail has to name for what it does now."""
        cloud.watch.signer = self._signer

    def ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | bytes | None = None,
        *,
        by: str | None = None,
        link: str | None = None,
    ) -> Any:
        """What the API answers: of JSON the value, of another medium the text. `by` is the member of staff who signs,
        `link` the private link that it comes with. Raises RefusedError or FailedError."""
        found = route(method, path.partition("?")[0])
        assert found is not None, f"no route for {method} {path}"
        if found.signed and by is None:
            raise RefusedError(403, ["Forbidden"])  # by API Gateway
        seen: Seen = []
        with self._copy(found, seen) as module, self._asked_by(by):
            # As with jobs (handlers.py): without the decorator that gives the log its context.
            answer = module.lambda_handler.__wrapped__(_event(found, path, body, by, link), Context())
        faults = list(faults_of(answer, seen, _language(by)))
        seen.clear()  # An error, its frames and this list hold each other, until Python looks for rings.
        for fault in faults:
            self.cloud.watch.found("an-answer-says-what-became-of-it", f"{method} {path}: {fault}")
            raise FailedError(fault)  # Nobody can go on from such an answer.
        return _read(answer)

    @contextmanager
    def _copy(self, found: Route, seen: Seen) -> Iterator[Any]:
        """A running copy that serves nobody else, on this world's account."""
        function = found.integration.removesuffix("Integration").lower()
        number = next(one for one in HTTP_COPIES if (function, one) not in self.busy)
        module = http_copy(function, number)
        for name in WORKS[function]:
            setattr(module, name, lambda name=name: _Observed(getattr(self.cloud, name), seen))
        self.busy.add((function, number))
        try:
            yield module
        finally:
            self.busy.discard((function, number))

    @contextmanager
    def _asked_by(self, by: str | None) -> Iterator[None]:
        task = self.cloud.kernel.task
        if task is None:
            yield
            return
        self._signers[task.name] = principal(by) if by else _APPLICANT
        try:
            yield
        finally:
            self._signers.pop(task.name, None)

    def _signer(self) -> str | None:
        task = self.cloud.kernel.task
        return self._signers.get(task.name) if task else None


def principal(name: str) -> str:
    """Who AWS says that is. Example: arn:aws:iam::123456789012:user/anna"""
    return f"arn:aws:iam::123456789012:user/{name}"


@cache
def http_copy(function: str, number: int) -> Any:
    """A copy with its own current request. The router keeps it in a class, one for the whole process, which is one
    request's in Lambda; here many copies share the process."""
    module = copy_of(function, number)
    app, wrap = module.app, module.app._to_proxy_event

    def own(event: dict[str, Any]) -> Any:
        app.current_event = wrap(event)
        return app.current_event

    app._to_proxy_event = own
    if function == "apply":
        told = module.ApplySettings("anslag", "uploads", "key", "bidrag@funder.example", PAGES)
        module.settings = lambda: told
    return module


def _event(
    found: Route, path: str, body: Mapping[str, Any] | bytes | None, by: str | None, link: str | None
) -> dict[str, Any]:
    headers = {"accept-language": _language(by)}
    content = body if isinstance(body, bytes) else b""
    if isinstance(body, Mapping):
        content = json.dumps(body, ensure_ascii=False).encode()
    if body is not None:
        headers["content-type"] = "text/csv" if isinstance(body, bytes) else "application/json"
    if link is not None:
        headers["authorization"] = f"Bearer {link}"
    caller = principal(by) if by is not None and found.signed else None
    way, _, query = path.partition("?")
    return http_event(found.method, way, headers=headers, body=content, caller=caller, query=query)


def _language(by: str | None) -> str:
    """Staff read English and applicants Swedish, so that nobody gets an answer that was meant for others."""
    return "sv" if by is None else "en"


def _read(answer: Mapping[str, Any]) -> Any:
    status, media = answer["statusCode"], answer["headers"]["Content-Type"]
    value = json.loads(answer["body"]) if media.endswith("json") else answer["body"]
    if status >= 500:
        raise FailedError(str(status))
    if status >= 400:
        raise RefusedError(status, [one["code"] for one in value["problems"]])
    return value


def faults_of(answer: Mapping[str, Any], seen: Seen, language: str) -> Iterator[str]:
    """Where an answer does not say what became of the request; `seen` is what the work objects did for it, in order."""
    status, last = answer["statusCode"], seen[-1] if seen else None
    if last is not None and not isinstance(last, ProblemsError) and not is_outage(last):
        yield f"it failed by a fault of its own, {last!r}"
    elif status not in _fitting(seen):
        yield f"{status}, where {'nothing was asked of anybody' if not seen else last or 'it was done'}"
    elif status >= 400:
        document = json.loads(answer["body"])
        told = [(one["code"], one["sv"], one["en"]) for one in document["problems"]]
        refused = isinstance(last, ProblemsError)
        wanted = [(one.code, one.sv, one.en) for one in last.problems] if isinstance(last, ProblemsError) else told
        title = told[0][1 if language == "sv" else 2]
        if (document["status"], document["title"], told) != (status, title, wanted):
            yield f"{status} with {document}, where {last if refused else 'it could not be done'}"


def is_outage(error: Exception) -> bool:
    """Whether that is what AWS can do to a function. Whatever else it failed by is a fault of its own."""
    if isinstance(error, ClientError):
        return error.response.get("Error", {}).get("Code") in _RACES
    return isinstance(error, (BotoCoreError, ConflictError))


def _fitting(seen: Seen) -> range:
    """The statuses that an answer may have."""
    if not seen:
        return range(0)  # Whatever is asked here can be read, so that nobody may refuse it unread.
    last = seen[-1]
    if isinstance(last, ProblemsError):
        return range(last.status, last.status + 1)
    return range(200, 300) if last is None else range(500, 501)
