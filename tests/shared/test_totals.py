"""Totals move by differences and always equal the recount."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.applicants import Applicant
from shared.applications import Application, Facts, Outcome
from shared.totals import as_json, change, recount
from tests.shared.test_applications import DRAFT, FACTS, START, arrival

VISBY = replace(FACTS, applicant=Applicant("region", "SE-0980", "Region Gotland", "09", None, "09"), requested=100_000)
GOTLAND = replace(
    FACTS, applicant=Applicant("municipality", "SE-0980", "Gotland", "0980", None, "09"), requested=50_000
)


def submitted(reference: str, facts: Facts = FACTS) -> Application:
    _, application = replace(DRAFT, id=reference).with_arrival(replace(arrival("A"), facts=facts))
    return application


def test_totals_are_told_by_state_area_country_kind_and_county() -> None:
    applications = [
        submitted("A"),
        submitted("B", VISBY),
        submitted("C", GOTLAND),
        submitted("D").withdrawn(START + timedelta(days=1)),
        replace(DRAFT, id="E"),
        replace(DRAFT, id="F", turned_away_at=START),
    ]
    counted = as_json(recount(applications, [Outcome.ACCEPTED] * 4 + [Outcome.LATE]))
    gotland = {"applications": 2, "requested": 150_000}
    assert counted == {
        "applications": {"submitted": 3, "withdrawn": 1},
        "requested": 600_000,
        "applicants": 2,
        "outcomes": {"accepted": 4, "rejected": 0, "late": 1, "duplicate": 0},
        "turned_away": 1,
        "by": {
            "core_area": {"participation": {"applications": 3, "requested": 600_000}},
            "country": {"VN": {"applications": 3, "requested": 600_000}},
            "applicant_kind": {
                "municipality": {"applications": 2, "requested": 500_000},
                "region": {"applications": 1, "requested": 100_000},
            },
            "county": {"25": {"applications": 1, "requested": 450_000}, "09": gotland},
        },
    }


steps = st.lists(
    st.tuples(
        st.sampled_from(["send", "change", "break", "late", "withdraw"]), st.integers(0, 2), st.integers(1, 900_000)
    ),
    max_size=25,
)


@given(steps)
def test_totals_moved_by_differences_equal_the_recount_after_every_step(history: list[tuple[str, int, int]]) -> None:
    applications = [replace(DRAFT, id=str(number)) for number in range(3)]
    outcomes: list[Outcome] = []
    moving: Counter[str] = Counter()
    for second, (what, which, amount) in enumerate(history):
        before = applications[which]
        outcome = None
        if what == "withdraw":
            after = before.withdrawn(START + timedelta(seconds=second))
        else:
            one = arrival(f"S{second:03}", second, in_time=what != "late", valid=what != "break")
            facts = replace(FACTS, requested=amount) if one.facts else None
            outcome, after = before.with_arrival(replace(one, facts=facts))
            outcomes.append(outcome)
        moving.update(change(before, after, outcome))
        applications[which] = after
        assert {name: count for name, count in moving.items() if count} == recount(applications, outcomes)
