"""make load COUNT=2000: that many applications in one round on the embedded cloud, one in twenty of them faulty.

At the end nothing may be missing: every upload has one outcome, the certificate is true, no dead letter is left.
"""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.console import Console
from rich.progress import track

from infrastructure.build import build_artefacts, this_machine
from infrastructure.cloud.deployment import deploy
from infrastructure.cloud.running import HOME, ROOT, running_cloud
from infrastructure.demo import PARAMETERS
from infrastructure.demo.applicant import ApplicantClient
from infrastructure.demo.cast import Part, load
from infrastructure.demo.staff import Officer, hire

_AT_ONCE = 4
_LEAST_SECONDS, _SLOWEST = 30, 6
"""The round is open for half a minute and as long as six applications a second take; two cores manage twice that."""
_DRAIN_SECONDS = 4
_ONE_FAULTY_IN = 20
_PATIENCE = 600.0
_PROGRAMME = "municipal-partnership-2019"
console = Console(highlight=False, soft_wrap=True)


@dataclass(frozen=True)
class Planned:
    """One application of the load; a faulty one has to be refused."""

    part: Part
    faulty: bool

    def send(self, client: ApplicantClient, round_id: str) -> None:
        """Begin it and send it, without waiting for its outcome."""
        client.start(round_id)
        files = self.part.files()
        document = self.part.document(_PROGRAMME, files)
        if self.faulty:
            document["project"]["years"] = 9
        client.send(document, files)


def planned(count: int) -> list[Planned]:
    """The applications of a load, one in twenty of them faulty."""
    sound = [part for part in load().parts if not part.false_attachment]
    chosen = itertools.islice(itertools.cycle(sound), count)
    return [Planned(part, number % _ONE_FAULTY_IN == 0) for number, part in enumerate(chosen)]


def main(count: int) -> int:
    """Apply, close, verify; returns the exit code."""
    plan = planned(count)
    with running_cloud() as cloud:
        artefacts = build_artefacts(HOME / "artefacts", this_machine())
        outputs = deploy(cloud, ROOT / "template.yaml", {**PARAMETERS, "ReceiptSender": ""}, artefacts)
        (anna,) = hire(cloud, outputs, ["anna"])
        closes_at = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=_LEAST_SECONDS + count // _SLOWEST)
        create_round(anna, "load", closes_at)
        begun = time.monotonic()
        with ThreadPoolExecutor(_AT_ONCE) as crowd:
            sending = crowd.map(lambda one: one.send(ApplicantClient(outputs["ApiUrl"]), "load"), plan)
            for _ in track(sending, f"{count} apply", total=count, console=console):
                pass
        wait(lambda: sum(shown(anna, "load")["totals"]["outcomes"].values()) == count, "every upload to be recorded")
        seconds = time.monotonic() - begun
        console.print(f"{count} applications from start to outcome in {seconds:.0f} s, {count / seconds:.1f} a second")
        console.print(f"the round closes at {closes_at:%H:%M:%S} (UTC)")
        time.sleep(max(0.0, (closes_at - datetime.now(UTC)).total_seconds()) + _DRAIN_SECONDS)
        return _close(anna, plan)


def create_round(anna: Officer, round_id: str, closes_at: datetime) -> None:
    """A round that is open from now on, without grace."""
    now = datetime.now(UTC).replace(microsecond=0)
    anna.anslag(
        *("rounds", "create", round_id, "--programme", _PROGRAMME, "--name-sv", "Last"),
        *("--name-en", "Load", "--opens", now.isoformat(), "--closes", closes_at.isoformat()),
        *("--grace-seconds", "0"),
    )
    anna.anslag("rounds", "advance")


def _close(anna: Officer, plan: Sequence[Planned]) -> int:
    anna.anslag("rounds", "advance")
    wait(lambda: shown(anna, "load")["round"]["state"] == "closed", "the round to close")
    outcomes = shown(anna, "load")["certificate"]["outcomes"]
    letters, untrue = anna.ask("dead-letters", "list")["dead_letters"], anna.verify("load")
    console.print(f"outcomes {outcomes}, dead letters {len(letters)}")
    console.print(untrue or "the certificate is true", markup=False)
    faulty = sum(one.faulty for one in plan)
    expected = {"accepted": len(plan) - faulty, "rejected": faulty, "late": 0, "duplicate": 0}
    return 0 if outcomes == expected and not letters and not untrue else 1


def shown(anna: Officer, round_id: str) -> dict[str, Any]:
    """What staff see of the round."""
    answer: dict[str, Any] = anna.ask("rounds", "show", round_id)
    return answer


def wait(until: Callable[[], object], what: str, *, seconds: float = _PATIENCE, pause: float = 1) -> None:
    """Look until it is so, with so many seconds between two looks. Raises TimeoutError."""
    end = time.monotonic() + seconds
    while not until():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds:.0f} seconds in vain for {what}")
        time.sleep(pause)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000))
