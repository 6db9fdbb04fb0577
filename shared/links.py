"""Private links: who holds one may read, change and withdraw one application. The table keeps only a hash."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass

SECRET_BYTES = 16
"""128 bits: nobody guesses it, however long they try."""
_TOKEN = re.compile(r"(?P<round_id>[a-z0-9-]{3,40})\.(?P<application>[0-9A-Z]{9})\.(?P<secret>[\w-]{22})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Link:
    """A private link's parts. The first two only save a look-up; the secret is what counts."""

    round_id: str
    application: str
    secret: str

    @property
    def token(self) -> str:
        """What the holder keeps. Example: 2019-autumn.7K3M9QXRC.q83vEjRWeJCrze8SNFZ4kA"""
        return f"{self.round_id}.{self.application}.{self.secret}"

    @property
    def hash(self) -> str:
        """What the table keeps: SHA-256 of the token, which is as long as it is random."""
        return hashlib.sha256(self.token.encode()).hexdigest()

    def opens(self, link_hash: str) -> bool:
        """Whether this is the link of the application with that hash, compared in constant time."""
        return hmac.compare_digest(self.hash, link_hash)


def new_link(round_id: str, application: str, random: bytes) -> Link:
    """A link from SECRET_BYTES random bytes."""
    secret = base64.urlsafe_b64encode(random[:SECRET_BYTES]).rstrip(b"=").decode()
    return Link(round_id, application, secret)


def read_link(authorization: str | None) -> Link | None:
    """The link in an Authorization header (Bearer …), or None."""
    scheme, _, token = (authorization or "").partition(" ")
    match = _TOKEN.fullmatch(token.strip())
    return Link(**match.groupdict()) if match and scheme.lower() == "bearer" else None
