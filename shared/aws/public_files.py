"""The one narrow way to the bucket that everybody reads from, through CloudFront."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CACHING = "public, max-age=60, stale-while-revalidate=600"
"""Short, as that of the applicants' pages: a correction is seen within minutes, and nobody has to be told to forget."""


class PublicFiles:
    """The bucket of the pages."""

    def __init__(self, client: S3Client, name: str) -> None:
        self._client = client
        self._name = name

    def publish_file(self, path: str, media_type: str, text: str) -> None:
        """Put the text there, whole, in place of what was there. `path` is from the root of the pages."""
        self._client.put_object(
            Bucket=self._name,
            Key=path,
            Body=text.encode(),
            ContentType=f"{media_type}; charset=utf-8",
            CacheControl=CACHING,
        )
