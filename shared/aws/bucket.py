"""The one narrow way to S3: read one version, look at a file, list versions, sign a form, mark for expiry."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from shared.files import LEADING_BYTES

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef

_CHUNK = 256 * 1024
_ORIGIN = "origin"
"""The metadata of an object that tells it. No object's metadata changes after it was made."""


@dataclass(frozen=True, slots=True)
class ObjectVersion:
    """One version of one object. `arrived_at` is S3's own instant, to the second. `origin` is that of the application
    that its form was signed for (see there), and only told of a version that was read."""

    key: str
    version_id: str
    arrived_at: datetime
    size: int
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look at a file showed. `head` is its first bytes."""

    version_id: str
    size: int
    sha256: str
    head: bytes


@dataclass(frozen=True, slots=True)
class Form:
    """A signed form: where to post, and the fields that go before the file."""

    url: str
    fields: dict[str, str]


class Bucket:
    """One versioned bucket."""

    def __init__(self, client: S3Client, name: str) -> None:
        self._client = client
        self._name = name

    def read(self, key: str, version_id: str, *, most: int) -> tuple[ObjectVersion, bytes]:
        """The version and its content, cut off one byte past `most` so that the caller can tell.

        Raises ClientError, also where there is no such version: whoever named it should have known.
        """
        answer = self._client.get_object(Bucket=self._name, Key=key, VersionId=version_id)
        with answer["Body"] as body:
            content = body.read(most + 1)
        origin = answer["Metadata"].get(_ORIGIN, "")
        return ObjectVersion(key, version_id, answer["LastModified"], answer["ContentLength"], origin), content

    def look(self, key: str, *, most: int) -> Seen | None:
        """The current version's size, hash and first bytes in one pass, or None where there is no object.

        Of a file that is larger than `most`, only so much is read, and its hash is of that: it is refused
        for its size in any case.
        """
        try:
            answer = self._client.get_object(Bucket=self._name, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchKey", "404"):
                return None
            raise
        return _seen(answer, most)

    def look_at(self, key: str, version_id: str, *, most: int) -> Seen:
        """The same of this version, whatever came after it.

        Raises ClientError, also where there is no such version: whoever named it should have known.
        """
        return _seen(self._client.get_object(Bucket=self._name, Key=key, VersionId=version_id), most)

    def versions(self, prefix: str) -> Iterator[ObjectVersion]:
        """Every version of every object under the prefix."""
        pages = self._client.get_paginator("list_object_versions").paginate(Bucket=self._name, Prefix=prefix)
        for page in pages:
            for version in page.get("Versions", []):
                yield ObjectVersion(version["Key"], version["VersionId"], version["LastModified"], version["Size"])

    def sign_form(
        self, key: str, *, size: int, media_type: str, sha256: str, lifetime: timedelta, origin: str = ""
    ) -> Form:
        """A form that fits this content alone: key, size, type and checksum exact, for whole seconds only. `origin`
        stays with what is uploaded.

        S3 checks the checksum too; ingest hashes the file all the same, since nothing may rest on one lock.
        """
        checksum = base64.b64encode(bytes.fromhex(sha256)).decode()
        fixed = {
            "Content-Type": media_type,
            "x-amz-checksum-algorithm": "SHA256",
            "x-amz-checksum-sha256": checksum,
            **({f"x-amz-meta-{_ORIGIN}": origin} if origin else {}),
        }
        conditions: list[Any] = [{name: value} for name, value in fixed.items()]
        signed = self._client.generate_presigned_post(
            Bucket=self._name,
            Key=key,
            Fields=dict(fixed),
            Conditions=[*conditions, ["content-length-range", size, size]],
            ExpiresIn=int(lifetime.total_seconds()),
        )
        return Form(signed["url"], signed["fields"])

    def mark_unsubmitted(self, version: ObjectVersion) -> None:
        """Tag a version that no application holds; the bucket's lifecycle removes what is so tagged."""
        self._client.put_object_tagging(
            Bucket=self._name,
            Key=version.key,
            VersionId=version.version_id,
            Tagging={"TagSet": [{"Key": "anslag", "Value": "unsubmitted"}]},
        )


def _seen(answer: GetObjectOutputTypeDef, most: int) -> Seen:
    """Read a piece at a time: a file may be larger than what a function can hold."""
    hashed, head, read = hashlib.sha256(), b"", 0
    with answer["Body"] as body:
        while read <= most and (chunk := body.read(_CHUNK)):
            hashed.update(chunk)
            head = head or chunk[:LEADING_BYTES]
            read += len(chunk)
    return Seen(answer["VersionId"], answer["ContentLength"], hashed.hexdigest(), head)
