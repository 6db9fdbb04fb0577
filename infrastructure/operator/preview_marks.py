"""What says of a file that it is a preview, in every format that goes out, without making the file invalid.

A table has no place for a remark, so the names of data files say it too. Pages are marked where they are made.
"""

from __future__ import annotations

import json
from pathlib import PurePosixPath
from typing import Any

from infrastructure import page_folder
from shared.results import addresses, catalogue, table, threesixty
from shared.results.everything import ATOM, HTML, XML, File

MARK = "FÖRHANDSVISNING, INTE PUBLICERAT – PREVIEW, NOT PUBLISHED"
_LINE = "=" * 76
_REMARKS = {
    threesixty.NAME: "description",  # of the package, in the standard's own words
    table.DICTIONARY: "dc:description",  # CSV on the Web takes any term of Dublin Core
    catalogue.ANNOUNCEMENT: "preview",  # the announcement's schema lets more be said
    PurePosixPath(addresses.CATALOGUE).name: "adms:versionNotes",  # DCAT-AP's
}
"""Where each JSON file has room for it."""


def letter(text: str) -> str:
    """A text for people, marked above and below."""
    return f"{_LINE}\n{MARK}\n{_LINE}\n\n{text}\n{_LINE}\n{MARK}\n{_LINE}\n"


def name(file: File) -> str:
    """What the file is called in a preview's folder. Example: data/2019-autumn/preview-awards.csv"""
    usual = page_folder.name(file)
    if file.media_type == HTML or file.path == addresses.SCHEMA:
        return usual
    path = PurePosixPath(usual)
    return str(path.with_name(_marked(path.name)))


def text(file: File) -> str:
    """The file's text with the mark in it, where its format has room for one."""
    if file.media_type in (XML, ATOM):
        declaration, _, rest = file.text.partition("\n")
        return f"{declaration}\n<!-- {MARK} -->\n{rest}"
    usual = PurePosixPath(file.path).name
    remark = _REMARKS.get(usual)
    if remark is None:
        return file.text
    told: dict[str, Any] = {remark: MARK, **json.loads(file.text)} | {remark: MARK}
    if usual == table.DICTIONARY:
        told["url"] = _marked(table.NAME)  # Of the table that lies beside it, which has another name here.
    return json.dumps(told, ensure_ascii=False, indent=1) + "\n"


def _marked(usual: str) -> str:
    return f"preview-{usual}"
