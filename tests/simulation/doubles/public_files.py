"""The bucket that everybody reads from, in memory."""

from __future__ import annotations

from shared.aws.public_files import PublicFiles
from tests.simulation.doubles.wire import Wire


class MemoryPublicFiles(PublicFiles):
    """`files` has what was put last under each path: media type and text."""

    def __init__(self, wire: Wire | None = None) -> None:
        self._wire = wire or Wire()
        self.files: dict[str, tuple[str, str]] = {}

    def publish_file(self, path: str, media_type: str, text: str) -> None:
        self._wire.call("publish_file", lambda: self.files.__setitem__(path, (media_type, text)))
