"""What a file is, by its content, and whether a workbook is safe to open: small, and no bomb.

A workbook is a ZIP file of XML. Its sizes are checked before any of it is unpacked; they hold, because Python's
zipfile never gives out more of a part than the size that stands in the directory.
"""

from __future__ import annotations

import io
import zipfile

from shared.problems import ProblemsError, problem, refuse

MOST_BYTES = 10_000_000
_MOST_UNPACKED, _MOST_STRINGS, _MOST_OTHER_XML = 40_000_000, 10_000_000, 4_000_000
_MOST_PARTS = 500
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""What .xls begins with, and .xlsx under a password."""
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_OTHERS = {
    "xl/workbook.bin": ".xlsb",
    "Index/Document.iwa": "Numbers",
    "content.xml": ".ods",
}
_STRICT = b"http://purl.oclc.org/ooxml/spreadsheetml/main"


def is_workbook(content: bytes) -> bool:
    """Whether it is some spreadsheet program's own format, right or wrong, rather than text."""
    return content.startswith((*_ZIP, _COMPOUND))


def check(content: bytes) -> None:
    """Raises ProblemsError for what is no .xlsx, and for what is too large to be a decision list."""
    if content.startswith(_COMPOUND):
        if _ENCRYPTED in content:
            raise refuse("workbook-encrypted")
        raise refuse("workbook-other-format", given=".xls")
    if len(content) > MOST_BYTES:
        raise _too_large(MOST_BYTES)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _check_parts(archive)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise refuse("workbook-unreadable") from error


def _check_parts(archive: zipfile.ZipFile) -> None:
    parts = archive.infolist()
    if len(parts) > _MOST_PARTS or sum(part.file_size for part in parts) > _MOST_UNPACKED:
        raise _too_large(_MOST_UNPACKED)
    names = {part.filename for part in parts}
    for name, given in _OTHERS.items():
        if name in names:
            raise refuse("workbook-other-format", given=given)
    if "[Content_Types].xml" not in names:
        raise refuse("workbook-unreadable")
    for part in parts:
        if part.filename.startswith("xl/worksheets/") or not part.filename.endswith((".xml", ".rels")):
            continue
        most = _MOST_STRINGS if part.filename.startswith("xl/sharedStrings") else _MOST_OTHER_XML
        if part.file_size > most:
            raise _too_large(most)
    if "xl/workbook.xml" in names and _STRICT in archive.read("xl/workbook.xml"):
        raise refuse("workbook-other-format", given="Strict Open XML")


def _too_large(most: int) -> ProblemsError:
    return ProblemsError([problem("workbook-too-large", most=f"{most // 1_000_000} MB")])
