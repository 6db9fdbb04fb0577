"""KMS in memory: one key on P-256, whose signatures are real."""

from __future__ import annotations

from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from shared.aws.signer import Signer
from tests.simulation.doubles.wire import Wire

MOST_BYTES = 4096
KEY = ec.derive_private_key(184, ec.SECP256R1())
_HOW = ec.ECDSA(SHA256())


class MemorySigner(Signer):
    """One key."""

    def __init__(self, wire: Wire | None = None) -> None:
        self._wire = wire or Wire()

    def sign(self, message: bytes) -> bytes:
        return self._wire.call("sign", lambda: self._sign(message))

    def public_key(self) -> bytes:
        form = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
        return self._wire.call("public_key", lambda: KEY.public_key().public_bytes(*form))

    def _sign(self, message: bytes) -> bytes:
        if not 0 < len(message) <= MOST_BYTES:
            raise ClientError({"Error": {"Code": "ValidationException", "Message": "message"}}, "Sign")
        return KEY.sign(message, _HOW)
