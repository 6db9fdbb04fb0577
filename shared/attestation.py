"""Receipts that their holder can check alone: what they state, and whether a signature and a proof bear it out.

A receipt states one submission's facts and is signed with the service's key (ECDSA on P-256 with SHA-256). Once
the round is certified it also states the certificate's root, and carries the path that leads from the submission
to it.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from shared import merkle
from shared.instants import iso, parse_iso
from shared.problems import Problem, problem
from shared.submissions import Submission, leaf_of

SCHEMA = "urn:anslag:receipt:1"
ALGORITHM: Final = "ECDSA_SHA_256"
_PARTS: Final = {"statement", "signature", "algorithm", "path"}
_HASH: Final = re.compile(r"[0-9a-f]{64}")

Check = Callable[[bytes, bytes], bool]
"""Whether a signature (the second, DER) of a message (the first) is by the key that is trusted."""


def statement(submission: Submission, tree: Sequence[bytes] | None) -> dict[str, Any]:
    """What a receipt says. `tree` are the lines that the submission's certificate stands for (see `leaves`), or None
    before there is one."""
    said: dict[str, Any] = {
        "schema": SCHEMA,
        "round": submission.round_id,
        "application": submission.application,
        "submission": submission.submission,
        "version_id": submission.version_id,
        "arrived_at": iso(submission.arrived_at),
        "sha256": submission.sha256,
        "outcome": submission.outcome.value,
        "record": submission.record,
    }
    if tree is not None:
        said["certified"] = {
            "root": merkle.root(tree).hex(),
            "size": len(tree),
            "index": tree.index(submission.leaf),
        }
    return said


def path(submission: Submission, tree: Sequence[bytes]) -> list[str]:
    """The sister hashes from the submission up to the certificate's root, in hexadecimal."""
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


def read_receipt(raw: bytes) -> Any:
    """The JSON of a kept receipt; None for what can be no receipt: no JSON, nested too deep to be read, or with a name
    that is there twice, of which readers would take different ones."""
    try:
        return json.loads(raw, object_pairs_hook=_named_once, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return None


def _named_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name is there twice")
    return found


def _no_number(text: str) -> Any:
    raise ValueError(f"not JSON: {text}")


def faults(kept: Any, is_signed: Check) -> list[Problem]:
    """What is wrong with a kept receipt; nothing where all of it holds, and there is no more than that."""
    try:
        said, sisters = kept["statement"], kept["path"]
        signature = base64.b64decode(kept["signature"], validate=True)
        if base64.b64encode(signature).decode() != kept["signature"]:
            return [problem("not-a-receipt")]
        if said["schema"] != SCHEMA or kept["algorithm"] != ALGORITHM:
            return [problem("receipt-of-another-kind")]
        found = []
        if kept.keys() != _PARTS or not is_signed(signed_bytes(said), signature):
            found.append(problem("receipt-not-signed"))
        if not (_leads_to_root(said, sisters) if "certified" in said else sisters == []):
            found.append(problem("receipt-not-proven"))
    except (KeyError, TypeError, ValueError, RecursionError):
        return [problem("not-a-receipt")]
    return found


def _leads_to_root(said: Mapping[str, Any], sisters: Any) -> bool:
    """Raises TypeError for what no receipt states: 2.0 is no place among leaves, and nor is true."""
    leaf = leaf_of(
        arrived_at=parse_iso(said["arrived_at"]),
        **{name: said[name] for name in ("application", "submission", "version_id", "sha256", "outcome", "record")},
    )
    certified = said["certified"]
    index, size = certified["index"], certified["size"]
    if type(index) is not int or type(size) is not int:
        raise TypeError("not a place among leaves")
    if not isinstance(sisters, list) or not all(isinstance(one, str) and _HASH.fullmatch(one) for one in sisters):
        return False
    found = merkle.root_from(leaf, index, size, [bytes.fromhex(one) for one in sisters])
    return found is not None and found.hex() == certified["root"]
