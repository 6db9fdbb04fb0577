"""The list as JSON: every fact but persons out, rows back; lists that are older than their round are known."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shared.applications import Application
from shared.decision_list import HandedIn, listed, read_list
from shared.decisions import Decision, DecisionKind, list_digest
from shared.problems import ProblemsError
from shared.references import spaced
from tests.shared.test_applications import FACTS, START, arrival
from tests.shared.test_decisions import APPLICATIONS, CALL, A, B, C, D
from tests.shared.test_totals import submitted

FORCE = {"digest": "f" * 64, "entered_by": "anna"}


def row(number: int, application: str, **cells: Any) -> dict[str, Any]:
    """An award of one krona, with other cells where a test wants them."""
    return {"row": number, "reference": application, "decision": "bifall", "amount": "1"} | cells


def handed_in(*rows: dict[str, Any], **origin: Any) -> HandedIn:
    return HandedIn.model_validate({"rows": list(rows)} | origin)


def refused(
    given: HandedIn, applications: list[Application] = APPLICATIONS, who: str = "anna", force: Any = None
) -> list[tuple[str, str]]:
    with pytest.raises(ProblemsError) as error:
        read_list(given, applications, CALL, force, who)
    return [(one.code, one.path) for one in error.value.problems]


def test_the_list_goes_out_with_every_fact_and_no_contact_person() -> None:
    found = listed(CALL, APPLICATIONS, {A: Decision(A, DecisionKind.AWARD, 5, "Ja"), B: DECLINED}, "f" * 64)
    first, second = found["applications"]
    assert found["round"] == {
        "id": CALL.id,
        "name": dict(CALL.name),
        "programme": CALL.programme,
        "budget": 800_000,
        "state": "closed",
    }
    assert (found["digest"], found["decided"]) == (list_digest(APPLICATIONS), "f" * 64)
    assert first == {
        "reference": spaced(A),
        "version": 1,
        "applicant": {
            "kind": "municipality",
            "identity": "SE-2581",
            "name": "Piteå",
            "code": "2581",
            "county": "25",
        },
        "title": "Unga",
        "type": "project",
        "core_areas": ["participation"],
        "partners": [{"name": "An Giang", "country": "VN"}],
        "starts": "2020-01",
        "years": 1,
        "requested": 450_000,
        "decision": "award",
        "amount": 5,
        "motivation": "Ja",
    }
    assert (second["decision"], second["amount"], second["motivation"]) == ("decline", None, "Nej")
    assert "asa@pitea.example" not in str(found)


DECLINED = Decision(B, DecisionKind.DECLINE, 0, "Nej")


def test_rows_come_back_as_decisions() -> None:
    given = handed_in(
        row(9, spaced(A), amount=" 450 000 kr ", motivation=" =Ja "),
        row(7, B, decision="Avslag", amount="", motivation="Nej", title="Unga", applicant="Pitea\u030a"),
        round=CALL.id,
        digest=list_digest(APPLICATIONS),
        decided="",
    )
    assert read_list(given, APPLICATIONS, CALL, None, "anna") == [
        Decision(A, DecisionKind.AWARD, 450_000, "=Ja"),
        DECLINED,
    ]


@pytest.mark.parametrize(
    ("cells", "problems"),
    [
        ({"amount": {"unreadable": "cell-date", "shown": "2019-10-15"}}, [("cell-date", "5.amount")]),
        ({"amount": {"unreadable": "cell-no-value"}}, [("cell-no-value", "5.amount")]),
        ({"decision": {"unreadable": "cell-error", "shown": "#REF!"}}, [("cell-error", "5.decision")]),
        ({"motivation": {"unreadable": "cell-truth-value", "shown": "TRUE"}}, [("cell-truth-value", "5.motivation")]),
        (
            {"amount": {"unreadable": "cell-merged", "shown": "N5:N6"}, "motivation": "x" * 2001},
            [("too-long", "5.motivation"), ("cell-merged", "5.amount")],
        ),
        ({"reference": {"unreadable": "cell-merged"}}, [("cell-merged", "5.reference"), ("decision-missing", "")]),
        ({"title": "Gamla"}, [("facts-differ", "5.title")]),
        ({"applicant": {"unreadable": "cell-date", "shown": "x"}}, [("facts-differ", "5.applicant")]),
        ({"requested": "450 001"}, [("facts-differ", "5.requested")]),
        ({"version": "2", "title": "Gamla"}, [("application-changed", "5.version")]),
        ({"decision": "", "title": "Gamla"}, [("facts-differ", "5.title"), ("decision-missing", "5.decision")]),
    ],
)
def test_each_mistake_is_told_with_its_row_and_column(cells: dict[str, Any], problems: list[tuple[str, str]]) -> None:
    assert refused(handed_in(row(5, A, **cells), row(6, B))) == problems


def test_a_list_of_another_round_is_told_as_that_and_nothing_else() -> None:
    assert refused(handed_in(row(5, "ZZZZ"), round="2018-spring")) == [("list-of-another-round", "")]


def test_an_older_list_is_told_with_what_it_lacks_and_has_too_much() -> None:
    old = list_digest(APPLICATIONS)
    now = [APPLICATIONS[0], APPLICATIONS[1].withdrawn(START), submitted(D)]
    given = handed_in(row(5, A), row(6, B), row(7, C), round=CALL.id, digest=old)
    assert refused(given, now) == [
        ("list-outdated", ""),
        ("application-withdrawn", "6.reference"),
        ("unknown-reference", "7.reference"),
        ("decision-missing", ""),
    ]


def test_an_application_that_was_completed_since_is_told_by_its_version() -> None:
    _, second = APPLICATIONS[0].with_arrival(replace(arrival("B", 60), facts=replace(FACTS, requested=400_000)))
    given = handed_in(row(5, A, version="1", amount="450000"), row(6, B), digest=list_digest(APPLICATIONS))
    assert refused(given, [second, *APPLICATIONS[1:]])[:2] == [
        ("list-outdated", ""),
        ("application-changed", "5.version"),
    ]


def test_an_older_list_whose_withdrawn_row_was_removed_is_taken() -> None:
    now = [APPLICATIONS[0], APPLICATIONS[1].withdrawn(START)]
    given = handed_in(row(5, A, version="1"), round=CALL.id, digest=list_digest(APPLICATIONS))
    assert len(read_list(given, now, CALL, None, "anna")) == 1


def test_a_list_does_not_undo_what_a_colleague_decided_meanwhile() -> None:
    rows = row(5, A), row(6, B, decision="?")
    told = [("decided-meanwhile", ""), ("bad-decision", "6.decision")]
    assert refused(handed_in(*rows, decided=""), who="bo", force=FORCE) == told
    assert refused(handed_in(*rows, decided="f" * 64), who="bo", force=FORCE) == told[1:]
    assert refused(handed_in(*rows, decided=""), who="anna", force=FORCE) == told[1:]
    assert refused(handed_in(*rows), who="bo", force=FORCE) == told[1:]
