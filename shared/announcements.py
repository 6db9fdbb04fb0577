"""What the digest of an announcement covers: by it whoever has read it publishes that and nothing else, and what is
stored of it can be held against what was read."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from shared.digests import digest_of

Text = Mapping[str, str]
"""What people read in one language: its `subject` and `body`."""


def said(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document but for its instant."""
    return {name: value for name, value in document.items() if name != "announced_at"}


def content_digest(
    number: int,
    texts: Mapping[str, Text],
    email: str,
    document: Mapping[str, Any],
    attributes: Mapping[str, str | list[str]],
) -> str:
    """SHA-256 over all that is published but for the instant `announced_at`, so that what was read yesterday goes out
    today."""
    published = {
        "number": number,
        "texts": {language: [text["subject"], text["body"]] for language, text in texts.items()},
        "email": email,
        "document": said(document),
        "attributes": dict(attributes),
    }
    return digest_of(published)


def resting_on(content: str, decided: str) -> str:
    """SHA-256 over the two: what is published, and the digest of all that was decided. Letters rest on that: whoever
    has read them publishes those and no others."""
    return hashlib.sha256(f"{content}{decided}".encode()).hexdigest()


def is_as_read(stored: Mapping[str, Any], decided: str) -> bool:
    """Whether an announcement as it is stored is that of its digest, and rests on decisions with this one."""
    try:
        content = (stored[name] for name in ("number", "texts", "email", "document", "attributes"))
        return bool(resting_on(content_digest(*content), decided) == stored["digest"])
    except (KeyError, TypeError, AttributeError):  # An attribute is gone, or is of another kind.
        return False
