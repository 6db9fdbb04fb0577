"""Publishes the applicants' pages: the files of web/, as they are, into the bucket that CloudFront reads.

    web/index.html      index.html     the distribution's default root object
    web/sv/index.html   sv/            addresses have neither "index" nor ".html"
    web/sv/form.html    sv/form
    web/form.js         form.js        everything else under its own path
                        config.json    where the API is

Styles and scripts go first, then the pages that ask for them, and last what is gone is removed: nobody who reads in
between finds a page without its parts. Results of announced rounds lie in the same bucket (the function publish puts
them there) and are left alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from shared.results.addresses import is_result

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

WEB = Path(__file__).resolve().parents[1] / "web"
CONFIG = "config.json"
CACHING = "public, max-age=60"
"""Short, because names do not change with content; what is unchanged is answered with 304."""
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
}


class PagesError(Exception):
    """Why the pages cannot be published, as a sentence for a person."""


@dataclass(frozen=True, slots=True)
class Published:
    """Keys of the bucket: what was put there, and what was removed because it is no longer among the files."""

    put: tuple[str, ...]
    removed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """One object of the bucket."""

    key: str
    content: bytes
    media_type: str


def key_of(path: str) -> str:
    """Examples: sv/form.html is sv/form, sv/index.html is sv/, index.html and form.js keep their names."""
    folder, _, name = path.rpartition("/")
    if name == "index.html" and folder:
        return f"{folder}/"
    return path.removesuffix(".html") if path != "index.html" else path


def read_pages(web: Path, api: str) -> list[Page]:
    """Everything to publish, in the order in which it goes. Raises PagesError for a file of a kind unknown here."""
    pages = [*_files(web), Page(CONFIG, f"{json.dumps({'api': api})}\n".encode(), _TYPES[".json"])]
    return sorted(pages, key=lambda page: (page.media_type == _TYPES[".html"], page.key))


def _files(web: Path) -> Iterator[Page]:
    for file in sorted(web.rglob("*")):
        path = file.relative_to(web).as_posix()
        if not file.is_file() or any(part.startswith(".") for part in path.split("/")):
            continue
        if file.suffix not in _TYPES:
            raise PagesError(f"web/{path} is of a kind that is not published; known are {', '.join(_TYPES)}.")
        if path == CONFIG:
            raise PagesError(f"web/{CONFIG} is written by the publication; it has no place among the files.")
        if is_result(key_of(path)):
            raise PagesError(f"web/{path} would lie where results of announced rounds do.")
        yield Page(key_of(path), file.read_bytes(), _TYPES[file.suffix])


def publish(s3: S3Client, cloudfront: Any, outputs: Mapping[str, str], web: Path = WEB) -> Published:
    """Puts all files where the stack with these outputs serves them, removes what is gone, and has CloudFront forget.

    Raises PagesError before anything is changed.
    """
    if not (web / "index.html").is_file():
        raise PagesError(f"There are no pages in {web}: index.html is missing.")
    bucket, pages = outputs["PagesBucketName"], read_pages(web, outputs["ApiUrl"])
    for page in pages:
        s3.put_object(Bucket=bucket, Key=page.key, Body=page.content, ContentType=page.media_type, CacheControl=CACHING)
    put = tuple(page.key for page in pages)
    listed = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    there = (one["Key"] for found in listed for one in found.get("Contents", []))
    gone = tuple(key for key in there if key not in put and not is_result(key))
    for key in gone:
        s3.delete_object(Bucket=bucket, Key=key)
    cloudfront.create_invalidation(
        DistributionId=outputs["PagesDistribution"],
        InvalidationBatch={"Paths": {"Quantity": 1, "Items": ["/*"]}, "CallerReference": uuid4().hex},
    )
    return Published(put, gone)
