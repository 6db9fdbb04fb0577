"""Digests of what is stored, by which it can be held against what it was."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def digest_of(stored: Any) -> str:
    """SHA-256, in hexadecimal, over the value as JSON with sorted names, without spaces, in UTF-8."""
    canonical = json.dumps(stored, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
