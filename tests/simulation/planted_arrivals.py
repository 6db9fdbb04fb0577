"""Faults planted in what becomes of an arrival or a withdrawal."""

from __future__ import annotations

from functions.ingest import intake
from shared import totals
from shared.applications import Application, order_of
from shared.rounds import Round, RoundState
from tests.simulation import planting_arrivals
from tests.simulation.planted_kinds import (
    NEWEST,
    ONE_OUTCOME,
    S3S_CLOCK,
    TOTALS,
    Planted,
)
from tests.simulation.planting_arrivals import loose, writes
from tests.simulation.replacing import recoded, replaced

_ROUND, _SUBMISSION, _APPLICATION, _TOTALS = range(4)
"""The places of ingest's transaction."""

ARRIVALS = (
    Planted("totals are not counted", TOTALS, 10, writes(lambda some: some[:_TOTALS])),
    Planted("totals are counted in a write of their own", TOTALS, 10, planting_arrivals.counted_apart),
    Planted("a withdrawal is counted in a write of its own", TOTALS, 40, planting_arrivals.loose_withdrawal),
    Planted(
        "the delta is taken from the wrong version", TOTALS, 10, planting_arrivals.change(planting_arrivals.whole_again)
    ),
    Planted("a duplicate is counted", TOTALS, 20, planting_arrivals.change(planting_arrivals.duplicate_too)),
    Planted(
        "a submission is recorded without a condition", ONE_OUTCOME, 20, writes(lambda some: loose(some, _SUBMISSION))
    ),
    Planted("an application is written without its fence", TOTALS, 40, writes(lambda some: loose(some, _APPLICATION))),
    Planted("a remembered round is not checked", S3S_CLOCK, 200, writes(lambda some: loose(some, _ROUND))),
    Planted(
        "uploads on their way have no grace",
        S3S_CLOCK,
        20,
        lambda: replaced(Round, "last_arrival", property(lambda call: call.closes_at)),
        frozenset({"a-form-is-good-for-as-long-as-it-may"}),
    ),
    Planted(
        "counties are not counted", TOTALS, 5, lambda: replaced(totals, "contribution", planting_arrivals.no_county)
    ),
    Planted("processing time is taken for arrival time", S3S_CLOCK, 10, planting_arrivals.processing_time),
    Planted(
        "what is late is judged by the schedule",
        S3S_CLOCK,
        60,
        lambda: replaced(intake, "arrived_in_time", lambda call, _: call.state is RoundState.OPEN),
    ),
    Planted(
        "everybody is let in when one is",
        S3S_CLOCK,
        40,
        lambda: replaced(intake, "held", planting_arrivals.open_to_all),
        first=200,
    ),
    Planted(
        "being let in lasts until it is certified",
        S3S_CLOCK,
        100,
        lambda: replaced(intake, "held", planting_arrivals.open_long),
    ),
    Planted("an older version overwrites a newer one", NEWEST, 60, planting_arrivals.always_newer),
    Planted(
        "what is handled after a newer version is refused",
        "what-is-good-is-accepted",
        60,
        lambda: replaced(Application, "with_arrival", planting_arrivals.older_refused),
    ),
    Planted(
        "versions are ordered by their identifiers",
        NEWEST,
        60,
        lambda: recoded(order_of, planting_arrivals.by_version_id),
    ),
    Planted(
        "arrival times are compared as texts without padding",
        NEWEST,
        40,
        lambda: recoded(order_of, planting_arrivals.unpadded),
    ),
    Planted(
        "an application is stored with another title",
        "every-application-is-as-uploaded",
        10,
        writes(planting_arrivals.cut_titles),
    ),
    Planted(
        "an application that was sent still expires",
        "nothing-that-was-sent-is-lost",
        10,
        writes(planting_arrivals.still_expiring),
    ),
    Planted("a withdrawal leaves no event", "everything-is-audited", 20, planting_arrivals.withdrawn_untold),
)
