"""S3 in memory: a versioned bucket whose clock counts whole seconds, and signed forms that are enforced."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from shared.aws.bucket import Bucket, Form, ObjectVersion, Seen
from shared.files import LEADING_BYTES
from shared.instants import iso, parse_iso, whole_second
from tests.simulation.doubles.wire import Wire

_CHUNK = 256 * 1024
_ORIGIN = "x-amz-meta-origin"


class FormRefusedError(Exception):
    """S3 answers 403 or 400: the form does not fit what was sent, or is no longer good."""


@dataclass(slots=True)
class Stored:
    """One version with its content. Tags may change, nothing else does."""

    version: ObjectVersion
    content: bytes
    sha256: str
    tags: dict[str, str] = field(default_factory=dict)


class MemoryBucket(Bucket):
    """One versioned bucket. `clock` is S3's own; forms are signed by the caller's (the wire's)."""

    def __init__(self, clock: Callable[[], datetime], wire: Wire | None = None, *, page: int = 1000) -> None:
        self._wire = wire or Wire()
        self._clock = clock
        self._page = page
        self._numbers = itertools.count(1)
        self.objects: dict[str, list[Stored]] = {}

    # --- what the functions ask ---

    def read(self, key: str, version_id: str, *, most: int) -> tuple[ObjectVersion, bytes]:
        return self._wire.call("read", lambda: self._read(key, version_id, most))

    def look(self, key: str, *, most: int) -> Seen | None:
        return self._wire.call("look", lambda: self._look(key, most))

    def look_at(self, key: str, version_id: str, *, most: int) -> Seen:
        return self._wire.call("look_at", lambda: self._look_at(key, version_id, most))

    def versions(self, prefix: str) -> Iterator[ObjectVersion]:
        return self._pages(prefix, self._wire.here())

    def sign_form(
        self, key: str, *, size: int, media_type: str, sha256: str, lifetime: timedelta, origin: str = ""
    ) -> Form:
        return self._sign(key, size, media_type, sha256, lifetime, origin)  # signing asks nobody

    def mark_unsubmitted(self, version: ObjectVersion) -> None:
        self._wire.call("mark_unsubmitted", lambda: self._tag(version))

    # --- how it is done ---

    def _read(self, key: str, version_id: str, most: int) -> tuple[ObjectVersion, bytes]:
        found = self.find(key, version_id)
        if found is None:
            raise ClientError({"Error": {"Code": "NoSuchVersion", "Message": key}}, "GetObject")
        return found.version, found.content[: most + 1]

    def _look(self, key: str, most: int) -> Seen | None:
        return _seen(self.objects[key][-1], most) if key in self.objects else None

    def _look_at(self, key: str, version_id: str, most: int) -> Seen:
        found = self.find(key, version_id)
        if found is None:
            raise ClientError({"Error": {"Code": "NoSuchVersion", "Message": key}}, "GetObject")
        return _seen(found, most)

    def _pages(self, prefix: str, site: Any) -> Iterator[ObjectVersion]:
        start: tuple[str, int] = ("", 0)
        while True:
            page: list[tuple[tuple[str, int], ObjectVersion]] = self._wire.call(
                "versions",
                lambda after=start: self._read_page(prefix, after),  # type: ignore[misc]
                site,
            )
            for _, version in page:
                yield version
            if len(page) < self._page:
                return
            start = page[-1][0]

    def _read_page(self, prefix: str, after: tuple[str, int]) -> list[tuple[tuple[str, int], ObjectVersion]]:
        listed = (
            ((key, number), stored.version)
            for key in sorted(self.objects)
            if key.startswith(prefix)
            for number, stored in enumerate(reversed(self.objects[key]), start=1)
        )
        return list(itertools.islice((one for one in listed if one[0] > after), self._page))

    def _sign(self, key: str, size: int, media_type: str, sha256: str, lifetime: timedelta, origin: str) -> Form:
        fields = {
            "Content-Type": media_type,
            "x-amz-checksum-algorithm": "SHA256",
            "x-amz-checksum-sha256": base64.b64encode(bytes.fromhex(sha256)).decode(),
            **({_ORIGIN: origin} if origin else {}),
        }
        expires = whole_second(self._wire.now()) + timedelta(seconds=int(lifetime.total_seconds()))
        conditions: list[Any] = [{name: value} for name, value in fields.items()]
        conditions += [["content-length-range", size, size], {"bucket": "uploads"}, {"key": key}]
        policy = json.dumps({"expiration": iso(expires), "conditions": conditions})
        encoded = base64.b64encode(policy.encode()).decode()
        return Form("https://uploads.s3.eu-north-1.amazonaws.com/", {**fields, "key": key, "policy": encoded})

    def _tag(self, version: ObjectVersion) -> None:
        found = self.find(version.key, version.version_id)
        if found is None:
            raise ClientError({"Error": {"Code": "NoSuchVersion", "Message": version.key}}, "PutObjectTagging")
        found.tags = {"anslag": "unsubmitted"}

    # --- what only browsers, and those who look from outside, do ---

    def find(self, key: str, version_id: str) -> Stored | None:
        """The version as it is stored."""
        return next((one for one in self.objects.get(key, ()) if one.version.version_id == version_id), None)

    def put(
        self,
        key: str,
        content: bytes,
        sha256: str | None = None,
        received_at: datetime | None = None,
        origin: str = "",
    ) -> ObjectVersion:
        """An object that can be seen from this moment on. S3 notes when a request began, which may be earlier."""
        number, received_at = next(self._numbers), whole_second(received_at or self._clock())
        version = ObjectVersion(key, f"v{number * 7919 % 10007:05}.{number}", received_at, len(content), origin)
        stored = Stored(version, content, sha256 or hashlib.sha256(content).hexdigest())
        self.objects.setdefault(key, []).append(stored)
        return version

    def post(self, form: Form, content: bytes) -> ObjectVersion:
        """What a browser sends. Raises FormRefusedError as S3 refuses."""
        digest = self.admit(form, content)
        return self.put(form.fields["key"], content, digest, origin=origin_of(form))

    def admit(self, form: Form, content: bytes) -> str:
        """S3 takes what a browser has begun to send, and gives its hash. Raises FormRefusedError as S3 refuses."""
        digest = hashlib.sha256(content).hexdigest()
        check_form(form.fields, content, digest, self._clock())
        return digest

    def snapshot(self) -> dict[str, list[Stored]]:
        """All versions as they are."""
        return {key: list(versions) for key, versions in self.objects.items()}

    def restore(self, objects: Mapping[str, list[Stored]]) -> None:
        """Back to a snapshot, without tags."""
        self.objects = {key: list(versions) for key, versions in objects.items()}
        self._numbers = itertools.count(1 + sum(map(len, objects.values())))
        for versions in self.objects.values():
            for stored in versions:
                stored.tags = {}


def _seen(stored: Stored, most: int) -> Seen:
    content, digest = stored.content, stored.sha256
    if len(content) > most:
        content = content[: (most // _CHUNK + 1) * _CHUNK]
        digest = hashlib.sha256(content).hexdigest()
    return Seen(stored.version.version_id, stored.version.size, digest, content[:LEADING_BYTES])


def origin_of(form: Form) -> str:
    """What the form says of the application that it was signed for."""
    return form.fields.get(_ORIGIN, "")


def form_expires(fields: Mapping[str, str]) -> datetime:
    """From when on S3 refuses the form."""
    return parse_iso(json.loads(base64.b64decode(fields["policy"]))["expiration"])


def check_form(fields: Mapping[str, str], content: bytes, sha256: str, now: datetime) -> None:
    """What S3 makes of a POST: its policy against the fields, the size, the time and the checksum.

    Raises FormRefusedError. (AWS: "Creating a POST policy"; a field that the policy does not name is refused.)
    """
    policy = json.loads(base64.b64decode(fields["policy"]))
    if now >= parse_iso(policy["expiration"]):
        raise FormRefusedError("policy expired")
    named: set[str] = set()
    for condition in policy["conditions"]:
        if isinstance(condition, dict):
            ((name, value),) = condition.items()
            named.add(name)
            if name != "bucket" and fields.get(name) != value:
                raise FormRefusedError(f"{name} is not {value}")
        elif condition[0] == "content-length-range" and not condition[1] <= len(content) <= condition[2]:
            raise FormRefusedError("size")
    if extra := set(fields) - named - {"policy", "x-amz-signature"}:
        raise FormRefusedError(f"extra fields {sorted(extra)}")
    if fields["x-amz-checksum-sha256"] != base64.b64encode(bytes.fromhex(sha256)).decode():
        raise FormRefusedError("checksum")
