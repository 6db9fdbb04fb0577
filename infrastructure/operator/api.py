"""The API over HTTP: requests signed with the person's own AWS credentials, where it takes any; answers, or
CommandError."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from infrastructure.operator import failures
from infrastructure.operator.access import Access
from shared.problems import Problem

_JSON = "application/json"
_TOO_MANY = 429
_PATIENCE = (5, 35)
"""Seconds to connect, and to wait for an answer: API Gateway gives up on a function after 30."""
_AGAIN = Retry(
    total=2,
    backoff_factor=0.3,
    status_forcelist=(_TOO_MANY, 502, 503, 504),
    allowed_methods=("GET",),
    raise_on_status=False,
    respect_retry_after_header=False,
)
_NEVER = Retry(total=0, read=False)
"""Nor when the connection failed: whoever changes something should know that it took one try."""


class Api:
    """The API at one address. Every method raises CommandError for anything but the answer that was asked for.

    A path is given in its parts, which are escaped, so that nothing that a person types leads elsewhere.
    """

    def __init__(self, access: Access, language: str) -> None:
        self._access = access
        self._language = language
        self._sessions = {"GET": _session(_AGAIN), "POST": _session(_NEVER), "PUT": _session(_NEVER)}

    def get(self, *path: str, query: Mapping[str, str] | None = None) -> Any:
        """The JSON there."""
        return _json(self._send("GET", path, query=query, accept=_JSON))

    def get_bytes(self, *path: str) -> bytes:
        """What is there, as it is."""
        return self._send("GET", path).content

    def post(self, *path: str, body: Mapping[str, Any]) -> Any:
        """The JSON that comes back for a JSON body."""
        return _json(self._send("POST", path, json.dumps(body).encode(), _JSON))

    def put(self, *path: str, content: bytes, media_type: str) -> Any:
        """The JSON that comes back for this content."""
        return _json(self._send("PUT", path, content, media_type))

    def _send(
        self,
        method: str,
        path: tuple[str, ...],
        body: bytes | None = None,
        media_type: str | None = None,
        query: Mapping[str, str] | None = None,
        accept: str = "*/*",
    ) -> requests.Response:
        address = "/".join([self._access.url, *(quote(part, safe="") for part in path)])
        address += f"?{urlencode(query)}" if query else ""
        session = self._sessions[method]
        try:
            prepared = self._prepare(method, address, body, media_type)
            prepared.headers["Accept"] = accept
            settings = session.merge_environment_settings(prepared.url, {}, None, None, None)
            response = session.send(prepared, timeout=_PATIENCE, allow_redirects=False, **settings)
        except requests.RequestException as error:
            raise failures.no_answer(self._access.url, _short(error), wrote=method != "GET") from error
        if not response.ok or response.is_redirect:
            raise self._failure(response, wrote=method != "GET")
        return response

    def _prepare(
        self, method: str, address: str, body: bytes | None, media_type: str | None
    ) -> requests.PreparedRequest:
        url, host = _reachable(address)
        headers = {"Host": host, **({"Content-Type": media_type} if media_type else {})}
        prepared = requests.Request(method, url, headers=headers, data=body).prepare()
        if self._access.credentials is not None:
            signed = AWSRequest(method, prepared.url, headers=headers, data=body or b"")
            SigV4Auth(self._access.credentials, "execute-api", self._access.region).add_auth(signed)
            prepared.headers.update(signed.headers.items())
        # Not signed: what stands in between may change it.
        prepared.headers["Accept-Language"] = self._language
        prepared.headers["User-Agent"] = "anslag"
        return prepared

    def _failure(self, response: requests.Response, *, wrote: bool) -> failures.CommandError:
        status = response.status_code
        problems, said = _reasons(response)
        if status in (401, 403):
            if problems:
                return failures.not_let_in(*problems)
            return failures.not_allowed(self._access.identity(), status, said)
        if status >= 500 or status == _TOO_MANY:
            return failures.service_failed(status, problems, wrote=wrote and status != _TOO_MANY)
        if problems:
            return failures.refused(*problems)
        if status == 404 or response.is_redirect:
            return failures.not_this_service(self._access.url, status)
        return failures.refused_without_reasons(status, said)


def _session(retries: Retry) -> requests.Session:
    session = requests.Session()
    for scheme in ("https://", "http://"):
        session.mount(scheme, HTTPAdapter(max_retries=retries))
    return session


def _reachable(address: str) -> tuple[str, str]:
    """Where to connect to, and the host to name there.

    Every name below `localhost` is this machine (RFC 6761, section 6.3), but not every resolver knows it.
    """
    parts = urlsplit(address)
    if parts.scheme == "http" and (parts.hostname or "").endswith(".localhost"):
        here = parts.netloc.replace(parts.hostname or "", "127.0.0.1")
        return parts._replace(netloc=here).geturl(), parts.netloc
    return address, parts.netloc


def _json(response: requests.Response) -> Any:
    try:
        return response.json()
    except ValueError as error:
        raise failures.not_understood() from error


def _reasons(response: requests.Response) -> tuple[list[Problem], str]:
    """The problems of a problem document, or what API Gateway itself says."""
    try:
        body = response.json()
    except ValueError:
        return [], response.reason
    if not isinstance(body, dict):
        return [], response.reason
    problems = [Problem.from_json(one) for one in body.get("problems", [])]
    return problems, str(body.get("message") or body.get("Message") or response.reason)


def _short(error: Exception) -> str:
    """The innermost reason: requests wraps urllib3's error, which wraps the system's."""
    while error.args and isinstance(error.args[0], Exception):
        error = error.args[0]
    reason = getattr(error, "reason", None)
    if isinstance(reason, Exception):
        return _short(reason)
    return " ".join(str(error.args[-1] if error.args else error).split())
