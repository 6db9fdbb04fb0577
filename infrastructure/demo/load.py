"""make load COUNT=2000: that many applications in one round on the embedded cloud, one in twenty of them faulty.

At the end nothing may be missing: every upload has one outcome, the certificate is true, no dead letter is left.
"""

from __future__ import annotations

import itertools
import sys
import time
from concurrent.futures import ThreadPoolExecutor
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

_ROUND = "load"
_AT_ONCE = 4
_LEAST_SECONDS, _SLOWEST = 30, 6
"""The round is open for half a minute and as long as six applications a second take; two cores manage twice that."""
_DRAIN_SECONDS = 4
_ONE_FAULTY_IN = 20
_PATIENCE = 600.0
console = Console(highlight=False, soft_wrap=True)


def main(count: int) -> int:
    """Apply, close, verify; returns the exit code."""
    parts = load().parts
    with running_cloud() as cloud:
        artefacts = build_artefacts(HOME / "artefacts", this_machine())
        outputs = deploy(cloud, ROOT / "template.yaml", {**PARAMETERS, "ReceiptSender": ""}, artefacts)
        (anna,) = hire(cloud, outputs, ["anna"])
        closes_at = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=_LEAST_SECONDS + count // _SLOWEST)
        _open(anna, closes_at)
        begun = time.monotonic()
        chosen = itertools.islice(zip(itertools.count(), itertools.cycle(parts)), count)
        with ThreadPoolExecutor(_AT_ONCE) as crowd:
            sending = crowd.map(lambda one: _apply(outputs["ApiUrl"], *one), chosen)
            for _ in track(sending, f"{count} apply", total=count, console=console):
                pass
        _wait(lambda: sum(_shown(anna)["totals"]["outcomes"].values()) == count, "every upload to be recorded")
        seconds = time.monotonic() - begun
        console.print(f"{count} applications from start to outcome in {seconds:.0f} s, {count / seconds:.1f} a second")
        console.print(f"the round closes at {closes_at:%H:%M:%S} (UTC)")
        time.sleep(max(0.0, (closes_at - datetime.now(UTC)).total_seconds()) + _DRAIN_SECONDS)
        return _close(anna, count)


def _open(anna: Officer, closes_at: datetime) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    anna.anslag(
        *("rounds", "create", _ROUND, "--programme", "municipal-partnership-2019", "--name-sv", "Last"),
        *("--name-en", "Load", "--opens", now.isoformat(), "--closes", closes_at.isoformat()),
        *("--grace-seconds", "0"),
    )
    anna.anslag("rounds", "advance")


def _apply(api: str, number: int, part: Part) -> None:
    client = ApplicantClient(api)
    client.start(_ROUND)
    files = part.files()
    document = part.document("municipal-partnership-2019", files)
    if number % _ONE_FAULTY_IN == 0:
        document["project"]["years"] = 9
    client.send(document, files)


def _close(anna: Officer, count: int) -> int:
    anna.anslag("rounds", "advance")
    _wait(lambda: _shown(anna)["round"]["state"] == "closed", "the round to close")
    verified = anna.ask("verify", _ROUND)
    outcomes, letters = verified["certificate"]["outcomes"], anna.ask("dead-letters", "list")["dead_letters"]
    console.print(f"outcomes {outcomes}, differences {verified['differences']}, dead letters {len(letters)}")
    # Parts whose attachment is false are refused in any case.
    right = (
        sum(outcomes.values()) == count and outcomes["late"] == 0 and outcomes["rejected"] >= count // _ONE_FAULTY_IN
    )
    return 0 if right and not letters and not verified["differences"] else 1


def _shown(anna: Officer) -> dict[str, Any]:
    shown: dict[str, Any] = anna.ask("rounds", "show", _ROUND)
    return shown


def _wait(until: Any, what: str) -> None:
    end = time.monotonic() + _PATIENCE
    while not until():
        if time.monotonic() > end:
            raise TimeoutError(f"waited in vain for {what}")
        time.sleep(1)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000))
