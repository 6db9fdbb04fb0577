"""make simulate: small worlds whole, then large worlds by seed, then what was reached."""

from __future__ import annotations

import argparse
import contextlib
import itertools
import multiprocessing
import os
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any

from tests.simulation.quick import quick
from tests.simulation.running import Outcome, run
from tests.simulation.sites import Reached, call_sites, coverage, merge
from tests.simulation.small import Report, at_the_same_time, in_every_order
from tests.simulation.small_worlds import handlers, pairs
from tests.simulation.story import told

HELP = """\
make simulate SEEDS=1000             a share of the small worlds, then so many large ones (seeds 0 to 999)
make simulate WHOLE=1 SEEDS=0        small worlds whole: every handler in every order with every single fault, every
                                     pair in every interleaving (three that have too many in part), and a share of
                                     those with a fault: forty minutes of two cores
make simulate WHOLE=2 SEEDS=0        every pair in every interleaving with every single fault as well: days
make simulate SEEDS=100000 SMALL=0   large worlds alone
make simulate SEED=184               one seed, told as a story, whether or not it fails
make simulate SEEDS=10000000 SMALL=0 FROM=1000000
                                     ten million others: at 10 seeds a second and core 280 hours of one core, so
                                     give it a machine with many (JOBS=64: five hours). It stops at the first
                                     failure; start again behind it with FROM.
"""
SHARE = 2_000
"""Ways through one small world, without WHOLE=1."""
FAULTED = 10_000
"""Ways through a pair in which one call fails, without WHOLE=2."""
_CHUNK = 25


_remembering = contextlib.ExitStack()


def _be_quick() -> None:
    """What a process of the pool does first: what it has worked out serves all its worlds."""
    _remembering.enter_context(quick())


def _seeds(chunk: tuple[int, int]) -> tuple[int, Outcome | None, dict[Any, Any]]:
    """A few seeds. Gives the first that failed, and every call site that was reached."""
    first, count = chunk
    reached: dict[Any, Any] = {}
    for seed in range(first, first + count):
        outcome = run(seed)
        merge(reached, outcome.reached)
        if outcome.violation is not None:
            return seed - first + 1, outcome, reached
    return count, None, reached


def _small(place: tuple[str, int, int]) -> tuple[Report, float]:
    kind, number, whole = place
    began = time.monotonic()
    if kind == "order":
        report = in_every_order(handlers()[number], None if whole else SHARE)
    else:
        plain, faulted = ((SHARE // 2, SHARE // 2), (None, FAULTED), (None, None))[whole]
        report = at_the_same_time(pairs()[number], plain, faulted)
    return report, time.monotonic() - began


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def small_worlds(pool: Any, whole: int) -> bool:
    """All of them: a share of each (0), whole (1), or also all pairs with all faults (2). Returns whether every
    promise was kept."""
    # The last pairs take longest.
    places = [("pair", number, whole) for number in reversed(range(len(pairs())))]
    places += [("order", number, whole) for number in range(len(handlers()))]
    began, kept = time.monotonic(), True
    reports: list[Report] = []
    _say("      without a fault     with one          seconds")
    for report, seconds in pool.imap_unordered(_small, places):
        reports.append(report)
        counts = f"{_all(report.plain, report.plain_whole)}  {_all(report.faulted, report.faulted_whole)}"
        _say(f"  {counts}  {seconds:7.0f}  {report.scenario}")
        if report.violation is not None:
            kept = False
            _say(f"  breaks a promise: {report.violation}")
            _say("\n".join(f"    {line}" for line in report.story))
    plain, faulted = sum(one.plain for one in reports), sum(one.faulted for one in reports)
    _say(f"small worlds: {plain} schedules without a fault and {faulted} with one, {time.monotonic() - began:.0f} s")
    return kept


def _all(count: int, whole: bool) -> str:
    return f"{count:9} {'(all)  ' if whole else '(share)'}"


def large_worlds(pool: Any, first: int, count: int) -> bool:
    """So many seeds. Returns whether every promise was kept."""
    reached: dict[Any, Any] = {}
    began, done, said = time.monotonic(), 0, time.monotonic()
    # In order, so that everything before a failing seed has been run, and a next run may begin behind it.
    for ran, failing, sites in pool.imap(_seeds, _chunks(first, count)):
        done += ran
        merge(reached, sites)
        if failing is not None:
            with quick():
                _say("\n".join(told(failing)))
            return False
        if time.monotonic() - said > 30:
            said = time.monotonic()
            _say(f"  {done} seeds, {done / (said - began):.0f} a second")
    _say(f"large worlds: {done} seeds, {done / max(0.001, time.monotonic() - began):.0f} a second, every promise kept")
    return _tell_coverage(reached)


def _tell_coverage(reached: Reached) -> bool:
    found = coverage([reached])
    for line in found.lines():
        _say(line)
    return not found.missing and not found.unknown and bool(call_sites())


def _chunks(first: int, count: int) -> Iterator[tuple[int, int]]:
    for start in itertools.count(first, _CHUNK):
        if start >= first + count:
            return
        yield start, min(_CHUNK, first + count - start)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(
        prog="make simulate", epilog=HELP, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--small", type=int, default=1)
    parser.add_argument("--whole", type=int, choices=(0, 1, 2), default=0)
    chosen = parser.parse_args(arguments)
    if chosen.seed is not None:
        with quick():
            outcome = run(chosen.seed)
            _say("\n".join(told(outcome) if outcome.violation else [*outcome.notes, f"seed {chosen.seed}: all well"]))
        return outcome.violation is not None
    with multiprocessing.get_context("fork").Pool(chosen.jobs, _be_quick) as pool:
        kept = small_worlds(pool, chosen.whole) if chosen.small else True
        if chosen.seeds:
            kept = large_worlds(pool, chosen.first, chosen.seeds) and kept
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
