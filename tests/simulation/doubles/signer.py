"""KMS in memory. What is signed is not checked here: the receipts' own tests do that with real keys."""

from __future__ import annotations

import hashlib

from shared.aws.signer import Signer
from tests.simulation.doubles.wire import Wire


class MemorySigner(Signer):
    """One key."""

    def __init__(self, wire: Wire | None = None) -> None:
        self._wire = wire or Wire()

    def sign(self, message: bytes) -> bytes:
        return self._wire.call("sign", lambda: hashlib.sha256(message).digest())

    def public_key(self) -> bytes:
        return self._wire.call("public_key", lambda: b"the key")
