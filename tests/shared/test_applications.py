"""What arrivals do to an application, in whatever order they are handled."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.applicants import Applicant
from shared.applications import Application, ApplicationState, Arrival, Facts, Outcome
from shared.instants import parse_iso
from shared.problems import problem

START = parse_iso("2019-10-01T08:00:00Z")
DRAFT = Application("7K3M9QXRC", "2019-autumn", "hash", "sv", START)
PITEA = Applicant("municipality", "SE-2581", "Piteå", "2581", None, "25")
FACTS = Facts(
    applicant=PITEA,
    contact={"name": "Åsa", "email": "asa@pitea.example"},
    title="Unga",
    type="project",
    core_areas=("participation",),
    partners=({"name": "An Giang", "country": "VN"},),
    starts="2020-01",
    years=1,
    requested=450_000,
    language="sv",
    attachments=(),
)


def arrival(
    submission: str, second: int = 0, *, content: str = "", in_time: bool = True, valid: bool = True
) -> Arrival:
    at = START + timedelta(seconds=second)
    problems = () if valid else (problem("missing", "contact.email"),)
    return Arrival(
        submission, "v-" + submission, at, content or submission, 1_000, in_time, problems, FACTS if valid else None
    )


def after(*arrivals: Arrival, start: Application = DRAFT) -> tuple[list[Outcome], Application]:
    outcomes, application = [], start
    for one in arrivals:
        outcome, application = application.with_arrival(one)
        outcomes.append(outcome)
    return outcomes, application


def test_a_valid_document_in_time_is_accepted_and_current() -> None:
    outcomes, application = after(arrival("A"))
    assert outcomes == [Outcome.ACCEPTED]
    assert application.state is ApplicationState.SUBMITTED
    assert application.current is not None
    assert (application.current.submission, application.current.number) == ("A", 1)


def test_a_changed_document_is_the_next_version() -> None:
    outcomes, application = after(arrival("A"), arrival("B", 60))
    assert outcomes == [Outcome.ACCEPTED, Outcome.ACCEPTED]
    assert application.current is not None
    assert (application.current.submission, application.current.number) == ("B", 2)


def test_the_same_content_again_is_a_duplicate_and_the_first_stays_current() -> None:
    _, once = after(arrival("A", content="x"))
    outcome, twice = once.with_arrival(arrival("B", 1, content="x"))
    assert (outcome, twice.current, twice.state) == (Outcome.DUPLICATE, once.current, once.state)


def test_what_was_sent_last_wins_also_where_its_content_was_sent_before_and_handled_out_of_order() -> None:
    first, between, last = arrival("A", content="x"), arrival("B", 1, content="y"), arrival("C", 2, content="x")
    for order in itertools.permutations((first, between, last)):
        _, end = after(*order)
        assert end.current is not None
        assert end.current.sha256 == "x"


def test_going_back_to_earlier_content_is_a_change() -> None:
    outcomes, application = after(arrival("A", content="x"), arrival("B", 1, content="y"), arrival("C", 2, content="x"))
    assert outcomes == [Outcome.ACCEPTED] * 3
    assert application.current is not None
    assert application.current.submission == "C"


def test_a_refused_document_leaves_the_accepted_one_in_force() -> None:
    outcomes, application = after(arrival("A"), arrival("B", 1, valid=False))
    assert outcomes == [Outcome.ACCEPTED, Outcome.REJECTED]
    assert application.state is ApplicationState.SUBMITTED
    assert application.refused is not None
    assert [one.code for one in application.refused.problems] == ["missing"]


def test_a_refused_document_that_is_mended_is_submitted() -> None:
    outcomes, application = after(arrival("A", valid=False), arrival("B", 60))
    assert outcomes == [Outcome.REJECTED, Outcome.ACCEPTED]
    assert application.state is ApplicationState.SUBMITTED


def test_a_late_document_is_late_whether_valid_or_not() -> None:
    for valid in (True, False):
        outcomes, application = after(arrival("A", in_time=False, valid=valid))
        assert outcomes == [Outcome.LATE]
        assert application.state is ApplicationState.REFUSED
        assert application.refused is not None
        assert application.refused.problems == ()


def test_a_withdrawal_covers_what_came_before_it_and_not_what_comes_after() -> None:
    withdrawn = DRAFT.withdrawn(START + timedelta(seconds=30))
    _, sent_before = after(arrival("A", 10), start=withdrawn)
    _, sent_after = after(arrival("A", 10), arrival("B", 60, content="A"), start=withdrawn)
    assert sent_before.state is ApplicationState.WITHDRAWN
    assert sent_after.state is ApplicationState.SUBMITTED


def test_a_withdrawal_covers_all_that_was_recorded_before_it_whatever_the_clocks_say() -> None:
    """S3's clock is not that of the function which withdraws, and that one reads its own before it reads the row."""
    for recorded in ([arrival("A", 10)], [arrival("A", 5), arrival("B", 10, content="A")]):
        _, sent = after(*recorded)
        withdrawn = sent.withdrawn(START + timedelta(seconds=9))
        assert (withdrawn.state, withdrawn.withdrawn_at) == (ApplicationState.WITHDRAWN, START + timedelta(seconds=10))
        _, sent_again = after(arrival("C", 11, content="A"), start=withdrawn)
        assert sent_again.state is ApplicationState.SUBMITTED


@given(
    st.lists(
        st.builds(
            arrival,
            st.uuids().map(lambda one: one.hex.upper()[:17]),
            st.integers(0, 3),
            in_time=st.booleans(),
            valid=st.booleans(),
        ),
        min_size=1,
        max_size=4,
        unique_by=lambda one: one.submission,
    ),
    st.none() | st.integers(0, 4),
)
def test_the_order_of_handling_does_not_matter(arrivals: list[Arrival], withdrawn: int | None) -> None:
    at: datetime | None = None if withdrawn is None else START + timedelta(seconds=withdrawn)
    start = replace(DRAFT, withdrawn_at=at)
    ends = set()
    for order in itertools.permutations(arrivals):
        outcomes, end = after(*order, start=start)
        current = end.current.submission if end.current else None
        refused = end.refused.submission if end.refused else None
        ends.add((tuple(sorted(outcomes)), current, refused, end.state))
    assert len(ends) == 1


def test_an_application_is_stored_and_read_back_whole() -> None:
    _, full = after(arrival("A", valid=False), arrival("B", 1), start=replace(DRAFT, extra={"forms_signed": 3}))
    for application in (DRAFT, full, replace(full, withdrawn_at=START, turned_away_at=START, revision=9)):
        assert Application.from_item(application.as_item()) == application
