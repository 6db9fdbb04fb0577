"""What a file's first bytes say of it. A file name and a declared type are claims; these are evidence.

Four container formats are told apart, so a table does; a library that knows hundreds would let in hundreds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

LEADING_BYTES = 1024
"""How much of a file must be at hand: readers of PDF accept the header anywhere within it."""


def _starts(*signatures: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(signatures)


_SIGNATURES: Mapping[str, tuple[str, Callable[[bytes], bool]]] = {
    "application/pdf": ("PDF", lambda head: b"%PDF-" in head),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ("Excel", _starts(b"PK\x03\x04")),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": (
        "Word",
        _starts(b"PK\x03\x04"),
    ),
    "image/jpeg": ("JPEG", _starts(b"\xff\xd8\xff")),
    "image/png": ("PNG", _starts(b"\x89PNG\r\n\x1a\n")),
}


def recognised_types() -> frozenset[str]:
    """The media types whose content can be checked; a programme may ask for no others."""
    return frozenset(_SIGNATURES)


def type_name(media_type: str) -> str:
    """What people call the type. Example: PDF"""
    return _SIGNATURES[media_type][0] if media_type in _SIGNATURES else media_type


def is_what_it_says(media_type: str, head: bytes) -> bool:
    """Whether a file that begins with `head` can be of the type that it claims."""
    return media_type in _SIGNATURES and _SIGNATURES[media_type][1](head[:LEADING_BYTES])
