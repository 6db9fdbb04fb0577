"""Signed receipts, as their holders check them: what each says of a submission, by whose key, and its proof."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from shared import keys
from shared.attestation import faults
from shared.aws.table import Item
from tests.simulation.cloud import ROUND
from tests.simulation.doors import FailedError
from tests.simulation.doubles.signer import KEY
from tests.simulation.people import Applicant
from tests.simulation.world import World

_TOLD = ("round", "application", "submission", "version_id", "arrived_at", "sha256", "outcome")


def holders_check(world: World, applicants: Sequence[Applicant]) -> None:
    """When all is at rest everybody asks for the receipt of something that they sent, and checks it."""
    dice = world.dice("receipts")
    for applicant in applicants:
        if applicant.started is None:
            continue
        sent = _asked(world, applicant, "/application/history")["submissions"]
        if not sent:
            continue
        one = dice.choice(sent)["submission"]
        for fault in _checked(world, applicant, one):
            world.cloud.watch.found("a-receipt-is-true-and-proven", f"{applicant.started.application}, {one}: {fault}")


def _checked(world: World, applicant: Applicant, submission: str) -> Iterator[str]:
    try:
        kept = _asked(world, applicant, f"/application/receipt?submission={submission}")
    except FailedError as error:
        yield f"it cannot be had: {error}"
        return
    assert applicant.started is not None
    yield from _untrue(world, kept, applicant.started.application, submission)


def _asked(world: World, applicant: Applicant, path: str) -> Any:
    task = world.kernel.task_of(world.number("apply"), lambda: applicant.ask("GET", path))
    done = world.kernel.finish(task)
    if done.failure is not None:
        raise done.failure
    return done.result


def _untrue(world: World, kept: Any, application: str, submission: str) -> Iterator[str]:
    said, rows = kept["statement"], list(_recorded(world, application, submission))
    fitting = [row for row in rows if all(row[name] == said[name] for name in _TOLD)]
    if not fitting:
        yield f"it says {said}, and recorded is {rows}"
        return
    if said["outcome"] == "duplicate" and any(row["outcome"] != "duplicate" for row in rows):
        yield "it tells of the repetition, and not of what counts"
    yield from (found.en for found in faults(kept, _is_signed))
    roots = [one["root"] for one in world.cloud.watch.rows(ROUND, keys.CERTIFICATES)]
    number = int(fitting[0]["after_certificate"])
    expected = roots[number] if number < len(roots) else None
    if said.get("certified", {}).get("root") != expected:
        yield f"it leads to {said.get('certified')}, and the certificate's root is {expected}"


def _recorded(world: World, application: str, submission: str) -> Iterator[Item]:
    for row in world.cloud.watch.rows(ROUND, keys.submissions_prefix(application)):
        if row["submission"] == submission:
            yield row


def _is_signed(message: bytes, signature: bytes) -> bool:
    try:
        KEY.public_key().verify(signature, message, ec.ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True
