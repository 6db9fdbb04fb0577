"""A share of the large worlds by seed, and the fault points that they reach."""

from __future__ import annotations

import ast

import pytest

from tests.simulation import sites
from tests.simulation.kernel import SINGLE
from tests.simulation.quick import quick
from tests.simulation.running import RESTS_WITHIN, Outcome, run
from tests.simulation.story import told

SEEDS = 420
PORTS = {"Table", "Bucket", "Queue", "Topic", "Mailer", "Functions", "PublicFiles", "Signer"}


@pytest.fixture(scope="module")
def worlds() -> list[Outcome]:
    """The first seeds."""
    with quick():
        return [run(seed) for seed in range(SEEDS)]


def test_large_worlds_keep_every_promise_and_come_to_rest(worlds: list[Outcome]) -> None:
    for outcome in worlds:
        with quick():
            assert outcome.violation is None, "\n".join(told(outcome))
        assert outcome.ticks <= RESTS_WITHIN


def test_every_place_that_calls_aws_is_reached_and_every_kind_of_fault_happens(worlds: list[Outcome]) -> None:
    found = sites.coverage(outcome.reached for outcome in worlds)
    assert (sorted(map(str, found.missing)), sorted(found.unknown)) == ([], [])
    assert all(any(kind in faults for faults in found.reached.values()) for kind in SINGLE)


def test_the_same_seed_is_the_same_world() -> None:
    first, second = run(7), run(7)
    assert (first.notes, first.happened) == (second.notes, second.happened)
    assert run(8).notes != first.notes


def fields_and_parameters(node: ast.AST) -> list[ast.AnnAssign | ast.arg]:
    if isinstance(node, ast.ClassDef):
        return [one for one in node.body if isinstance(one, ast.AnnAssign)]
    return [*node.args.args, *node.args.kwonlyargs] if isinstance(node, ast.FunctionDef) else []


def test_the_reading_of_the_code_knows_every_name_that_a_port_has() -> None:
    """A field or parameter that is annotated as a port has a name that `sites` looks for."""
    names = set()
    for file in sites.code_files():
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            for one in fields_and_parameters(node):
                annotated = {name.id for name in ast.walk(one.annotation or one) if isinstance(name, ast.Name)}
                if annotated & PORTS:
                    names.add(one.arg if isinstance(one, ast.arg) else ast.unparse(one.target))
    # The two queues of dead letters are only ever walked through, one `queue` at a time.
    assert names - {"failed_uploads", "failed_jobs", "dead_letters"} <= sites.receivers()
