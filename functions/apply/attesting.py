"""Receipts and certificates that others can check: signed on demand, proven once the round is certified."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

from shared import attestation, keys, merkle
from shared.applications import Application, Outcome
from shared.aws.rows import read_submissions
from shared.aws.signer import Signer
from shared.aws.table import Table
from shared.problems import refuse
from shared.rounds import Round
from shared.submissions import Submission, certified_by, leaves


class CertificateNotMetError(Exception):
    """What is stored of a round leads to another root than its certificate has: something was altered."""


@dataclass(frozen=True, slots=True)
class Attesting:
    """What the routes for receipts and certificates work with. Without a key (`signer` is None) nothing is signed."""

    table: Table
    signer: Signer | None

    def receipt(self, call: Round, application: Application, submission: str | None = None) -> dict[str, Any]:
        """The signed receipt of one submission; without its name that of the current version, or of the latest refusal
        where there is none.

        Raises ProblemsError with status 404 where nothing like it was recorded, or where this service signs nothing;
        and CertificateNotMetError.
        """
        recorded = self._last(call, application) if submission is None else self._named(call, application, submission)
        if recorded is None:
            raise refuse("no-receipt-yet", status=404)
        signer, tree = self._signer(), self._certified(call, recorded)
        said = attestation.statement(recorded, tree)
        sisters = attestation.path(recorded, tree) if tree is not None else []
        return attestation.receipt(said, signer.sign(attestation.signed_bytes(said)), sisters)

    def _last(self, call: Round, application: Application) -> Submission | None:
        latest = application.current or application.refused
        if latest is None:
            return None
        stored = self.table.get(keys.submission_key(call.id, application.id, latest.submission, latest.version_id))
        return Submission.from_item(stored) if stored else None

    def _named(self, call: Round, application: Application, submission: str) -> Submission | None:
        """What was sent twice with one form has two outcomes: the one that counts, not that of the repetition."""
        stored = self.table.query(keys.round_partition(call.id), keys.submissions_prefix(application.id))
        found = [one for one in map(Submission.from_item, stored) if one.submission == submission]
        return min(found, key=lambda one: (one.outcome is Outcome.DUPLICATE, one.order), default=None)

    def certificate(self, round_id: str) -> dict[str, Any]:
        """The certificate of a closed round; those of whoever was let in after it are its supplements.

        Raises ProblemsError with status 404 before that.
        """
        stored = [
            {name: value for name, value in item.items() if name not in ("pk", "sk")}
            for item in self.table.query(keys.round_partition(round_id), keys.CERTIFICATES)
        ]
        if not stored:
            raise refuse("not-certified-yet", status=404)
        return {**stored[0], "supplements": stored[1:]} if stored[1:] else stored[0]

    def published_key(self) -> str:
        """The key that checks receipts, as PEM. Raises ProblemsError with status 404 where there is none."""
        encoded = base64.encodebytes(self._signer().public_key()).decode()
        lines = encoded.replace("\n", "")
        wrapped = "\n".join(lines[start : start + 64] for start in range(0, len(lines), 64))
        return f"-----BEGIN PUBLIC KEY-----\n{wrapped}\n-----END PUBLIC KEY-----\n"

    def _signer(self) -> Signer:
        if self.signer is None:
            raise refuse("nothing-is-signed", status=404)
        return self.signer

    def _certified(self, call: Round, submission: Submission) -> list[bytes] | None:
        """The lines that the submission's certificate stands for; None where none does, or not yet."""
        number = submission.after_certificate + 1
        if number > call.certificates:
            return None
        tree = leaves(certified_by(number, read_submissions(self.table, call.id)))
        written = self.table.get(keys.certificate_key(call.id, number)) or {}
        if written.get("root") != merkle.root(tree).hex():
            raise CertificateNotMetError(f"certificate {number} of {call.id}")
        return tree
