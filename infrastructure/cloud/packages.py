"""Unpacks once what functions are made of, where MiniStack does it for each of their processes.

That is two thousand files, and took a third of what starting one takes. On AWS a function cannot write where its code
and its layers are, so that processes may share them.

All that is touched is MiniStack's own, not an interface: the version is pinned, and a test holds this to it.
"""

from __future__ import annotations

import hashlib
import tempfile
import threading
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any


def unpack_once(lambda_runtime: Any) -> None:
    """From now on, for as long as the engine's temporary folder is there: what has the same bytes is unpacked once."""
    unpacked: dict[str, Path] = {}
    one_at_a_time = threading.Lock()

    class Shared(zipfile.ZipFile):
        """A package whose files are elsewhere, and linked to from where they are wanted."""

        def extractall(self, path: Any) -> None:  # type: ignore[override]  # all that MiniStack asks for
            digest = hashlib.sha256(Path(str(self.filename)).read_bytes()).hexdigest()
            with one_at_a_time:
                if digest not in unpacked:
                    place = Path(tempfile.mkdtemp(prefix="ministack-package-"))
                    super().extractall(place)
                    unpacked[digest] = place
            wanted = Path(path)
            wanted.rmdir()
            wanted.symlink_to(unpacked[digest], target_is_directory=True)

    lambda_runtime.zipfile = SimpleNamespace(**{**vars(zipfile), "ZipFile": Shared})
