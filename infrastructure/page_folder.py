"""Published files as a folder that a browser opens without a server: for previews, and to keep what a demo made.

Addresses from the root of the pages become relative ones, and pages get the ending .html. Scripts do not run there:
browsers load no module from a folder. The pages do without.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable
from os.path import relpath
from pathlib import Path, PurePosixPath

from infrastructure.pages import WEB
from shared.results.everything import HTML, File

_STATIC = ("style.css", "results.css", "results.js", "results-card.png", "icon.svg")
_ADDRESS = re.compile(r'(?P<attribute>href|src)="/(?P<path>[^"#?]*)')


def name(file: File) -> str:
    """What a file is called in a folder, where only the ending says what it is."""
    return f"{file.path}.html" if file.media_type == HTML else file.path


def save(files: Iterable[File], folder: Path, web: Path = WEB, *, named: Callable[[File], str] = name) -> int:
    """Write the files below `folder`, with what their pages need of web/. Returns how many. Raises OSError."""
    written = list(files)
    names = {file.path: named(file) for file in written} | dict(zip(_STATIC, _STATIC, strict=True))
    for file in written:
        target = folder / named(file)
        target.parent.mkdir(parents=True, exist_ok=True)
        text = _relative(file, names) if file.media_type == HTML else file.text
        target.write_text(text, encoding="utf-8", newline="")
    for static in _STATIC:
        if (web / static).is_file():
            shutil.copyfile(web / static, folder / static)
    return len(written)


def _relative(file: File, names: dict[str, str]) -> str:
    here = PurePosixPath(file.path).parent

    def moved(found: re.Match[str]) -> str:
        there = names.get(found["path"])
        return f'{found["attribute"]}="{relpath(there, here)}' if there else found[0]

    return _ADDRESS.sub(moved, file.text)
