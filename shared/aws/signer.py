"""The narrow way to KMS: one key that signs and is never seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.attestation import ALGORITHM

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient


class Signer:
    """One asymmetric key of KMS (ECC_NIST_P256)."""

    def __init__(self, client: KMSClient, key_id: str) -> None:
        self._client = client
        self._key_id = key_id

    def sign(self, message: bytes) -> bytes:
        """The signature in DER. KMS takes messages of up to 4,096 bytes; a receipt's statement has some 500."""
        answer = self._client.sign(KeyId=self._key_id, Message=message, MessageType="RAW", SigningAlgorithm=ALGORITHM)
        return answer["Signature"]

    def public_key(self) -> bytes:
        """The key that checks signatures, as DER (SubjectPublicKeyInfo)."""
        return self._client.get_public_key(KeyId=self._key_id)["PublicKey"]
