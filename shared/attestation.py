"""Receipts that their holder can check alone: what they state, and whether a signature and a proof bear it out.

A receipt states one submission's facts and is signed with the service's key (ECDSA on P-256 with SHA-256). Once
the round is certified it also states the certificate's root, and carries the path that leads from the submission
to it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from shared import merkle
from shared.instants import BadInstantError, iso, parse_iso
from shared.problems import Problem, problem
from shared.submissions import Submission, leaf_of, leaves

SCHEMA = "urn:anslag:receipt:1"
ALGORITHM: Final = "ECDSA_SHA_256"

Check = Callable[[bytes, bytes], bool]
"""Whether a signature (the second, DER) of a message (the first) is by the key that is trusted."""


def statement(submission: Submission, certified: Sequence[Submission] | None) -> dict[str, Any]:
    """What a receipt says. `certified` are all submissions of a certified round, or None before that."""
    said: dict[str, Any] = {
        "schema": SCHEMA,
        "round": submission.round_id,
        "application": submission.application,
        "submission": submission.submission,
        "version_id": submission.version_id,
        "arrived_at": iso(submission.arrived_at),
        "sha256": submission.sha256,
        "outcome": submission.outcome.value,
    }
    if certified is not None:
        tree = leaves(certified)
        said["certified"] = {
            "root": merkle.root(tree).hex(),
            "size": len(tree),
            "index": tree.index(submission.leaf),
        }
    return said


def path(submission: Submission, certified: Sequence[Submission]) -> list[str]:
    """The sister hashes from the submission up to the certificate's root, in hexadecimal."""
    tree = leaves(certified)
    return [sister.hex() for sister in merkle.proof(tree, tree.index(submission.leaf))]


def signed_bytes(said: Mapping[str, Any]) -> bytes:
    """What is signed: the statement as JSON with sorted names, without spaces, in UTF-8."""
    return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def receipt(said: Mapping[str, Any], signature: bytes, sisters: Sequence[str]) -> dict[str, Any]:
    """The receipt that the holder keeps."""
    return {
        "statement": dict(said),
        "signature": base64.b64encode(signature).decode(),
        "algorithm": ALGORITHM,
        "path": list(sisters),
    }


def faults(kept: Any, is_signed: Check) -> list[Problem]:
    """What is wrong with a kept receipt; nothing where all of it holds."""
    try:
        said = kept["statement"]
        signature = base64.b64decode(kept["signature"], validate=True)
        if said["schema"] != SCHEMA or kept["algorithm"] != ALGORITHM:
            return [problem("receipt-of-another-kind")]
        found = []
        if not is_signed(signed_bytes(said), signature):
            found.append(problem("receipt-not-signed"))
        if "certified" in said and not _leads_to_root(said, kept["path"]):
            found.append(problem("receipt-not-proven"))
    except (KeyError, TypeError, ValueError, BadInstantError):
        return [problem("not-a-receipt")]
    return found


def _leads_to_root(said: Mapping[str, Any], sisters: Sequence[str]) -> bool:
    leaf = leaf_of(
        arrived_at=parse_iso(said["arrived_at"]),
        **{name: said[name] for name in ("application", "submission", "version_id", "sha256", "outcome")},
    )
    certified = said["certified"]
    steps = [bytes.fromhex(sister) for sister in sisters]
    found = merkle.root_from(leaf, certified["index"], certified["size"], steps)
    return found is not None and found.hex() == certified["root"]
