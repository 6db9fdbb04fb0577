"""make crashes: three rounds from their end to published files and messages, on the embedded cloud with IAM on, with a
process killed before and after every effect outside that the functions have in their code."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable

from tests.end_to_end.crashes.outside import points
from tests.end_to_end.crashes.reckoning import Reckoning
from tests.end_to_end.crashes.round import ELSEWHERE, FUNCTIONS, LOST, Staff, apply, missing
from tests.end_to_end.crashes.wire import DeadlyWire, When
from tests.end_to_end.installing import installed

ROUNDS = ("deadly-1", "deadly-2", "deadly-3")
"""As many as it takes: what follows on something that is recorded once is reached once in a round, and the round in
which the recorder died is one in which it is not."""


def crash(say: Callable[[str], None]) -> list[str]:
    """All of it. Returns what is not as it must be."""
    with installed() as installation, installation.without_heartbeat():
        rounds = [apply(installation, name, lost=LOST if name == ROUNDS[0] else None) for name in ROUNDS]
        say(f"{len(rounds)} rounds have ended; from now on processes die")
        wire = DeadlyWire(installation, FUNCTIONS, say)
        staff = Staff(installation, wire)
        with wire.strung():
            staff.close(rounds)
            say("all rounds are certified, and everybody was told")
            for one in rounds:
                staff.announce(one)
                say(f"{one.id} is announced and published, and everybody was told")
            redriven = staff.redrive()
        reckoning = Reckoning(installation, wire)
        faults = [*missing(wire), *reckoning.faults(rounds)]
    wanted = [one for one in points(FUNCTIONS) if str(one) not in ELSEWHERE]
    died = Counter(one.when for one in wire.deaths)
    say(f"effects in the code of the stretch: {len(wanted)}")
    say(f"deaths: {died[When.BEFORE]} before an effect, {died[When.AFTER]} after it")
    say(f"dead letters that staff redrove: {len(redriven)} {dict(Counter(redriven))}")
    say(f"messages: {reckoning.letters}, each once, and {reckoning.repeats} repeats with the same identifier and text")
    say(f"published files: {reckoning.files}, in both languages, each as the rows say")
    return faults


def main() -> int:
    """Run, tell, and return the exit code."""
    begun = time.monotonic()

    def say(line: str) -> None:
        sys.stdout.write(f"{time.monotonic() - begun:6.1f} s  {line}\n")
        sys.stdout.flush()

    faults = crash(say)
    for fault in faults:
        say(f"WRONG: {fault}")
    say("Something is not as it must be." if faults else "Nothing missing, nothing said twice in other words.")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
