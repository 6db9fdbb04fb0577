"""Faults planted in the product, to show that the simulation finds them: each by a named invariant, within a
stated number of seeds."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from functions.acknowledge.owing import Owing
from functions.acknowledge.verdicts import Verdicts
from functions.administer.dead_letters import DeadLetters
from functions.advance import closing
from functions.advance.lifecycle import Lifecycle
from functions.decide import deciding
from functions.ingest import intake
from functions.ingest.intake import Intake
from functions.summarise.summarising import Summarising
from shared import applications, keys
from shared.aws import effects
from shared.aws.effects import Effects
from shared.rounds import RoundState
from tests.simulation import planting
from tests.simulation.planting import handler, loose, writes
from tests.simulation.planting_alarms import tells_nothing, template_says
from tests.simulation.planting_doors import first_caller_remembered, refusals_are_well
from tests.simulation.replacing import replaced

TOTALS = "totals-equal-recount"
ONE_OUTCOME = "one-outcome-for-each-version"
S3S_CLOCK = "s3s-clock-decides-what-is-late"
NEWEST = "the-newest-version-counts"
ONCE = "each-effect-at-most-once"
CERTIFICATE = "the-certificate-is-true"
RECEIPT = "everybody-gets-a-receipt"
TROUBLE = "trouble-sets-off-its-alarm"
_ROUND, _SUBMISSION, _APPLICATION, _TOTALS = range(4)
"""The places of ingest's transaction."""


@dataclass(frozen=True, slots=True)
class Planted:
    """A fault, the invariant that finds it, and within how many seeds. `ignoring` are invariants that would find
    it even before."""

    name: str
    invariant: str
    within: int
    plant: Callable[[], contextlib.AbstractContextManager[None]]
    ignoring: frozenset[str] = frozenset()
    first: int = 0
    """The seed to begin with, where what it takes is rare."""

    def seeds(self) -> range:
        """The seeds to look in."""
        return range(self.first, self.first + self.within)


PLANTED = (
    Planted("totals are not counted", TOTALS, 10, writes(lambda some: some[:_TOTALS])),
    Planted("totals are counted in a write of their own", TOTALS, 10, planting.counted_apart),
    Planted("a withdrawal is counted in a write of its own", TOTALS, 40, planting.loose_withdrawal),
    Planted("the delta is taken from the wrong version", TOTALS, 10, planting.change(planting.whole_again)),
    Planted("a duplicate is counted", TOTALS, 20, planting.change(planting.duplicate_too)),
    Planted(
        "a submission is recorded without a condition", ONE_OUTCOME, 20, writes(lambda some: loose(some, _SUBMISSION))
    ),
    Planted("an application is written without its fence", TOTALS, 40, writes(lambda some: loose(some, _APPLICATION))),
    Planted("a remembered round is not checked", S3S_CLOCK, 200, writes(lambda some: loose(some, _ROUND))),
    Planted("processing time is taken for arrival time", S3S_CLOCK, 10, planting.processing_time),
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
        lambda: replaced(intake, "held", planting.open_to_all),
        first=200,
    ),
    Planted(
        "being let in lasts until it is certified", S3S_CLOCK, 100, lambda: replaced(intake, "held", planting.open_long)
    ),
    Planted(
        "files of whoever is let in stay marked for removal",
        "nothing-that-was-sent-is-lost",
        20,
        lambda: replaced(Intake, "_hold_on_to", lambda *_: None),
        first=2_690,
    ),
    Planted("an older version overwrites a newer one", NEWEST, 60, planting.always_newer),
    Planted(
        "decisions are approved whatever was withdrawn since",
        "what-stands-is-decided",
        200,
        lambda: replaced(deciding, "list_digest", lambda _: "the same"),
    ),
    Planted(
        "versions are ordered by their identifiers",
        NEWEST,
        60,
        lambda: replaced(applications, "order_of", planting.by_version_id),
    ),
    Planted(
        "closing trusts the queue and sweeps nothing",
        CERTIFICATE,
        60,
        lambda: replaced(closing, "reconcile", planting.no_sweep),
    ),
    Planted(
        "counters are certified instead of a recount", CERTIFICATE, 60, planting.counters_certified, frozenset({TOTALS})
    ),
    Planted("effects are had without a claim", ONCE, 20, lambda: replaced(Effects, "once", planting.no_claim)),
    Planted(
        "a claim is good for ten minutes",
        ONCE,
        40,
        lambda: replaced(Effects, "claim", planting.ten_minutes),
        frozenset({"replaying-changes-nothing"}),
    ),
    Planted(
        "a claim's lease is over at once",
        ONCE,
        100,
        lambda: replaced(effects, "LEASE", timedelta(milliseconds=1)),
        first=100,
    ),
    Planted(
        "the summary is claimed after it was published",
        ONCE,
        100,
        lambda: replaced(Summarising, "closing_summary", planting.claimed_afterwards),
    ),
    Planted(
        "letters are called sent though one failed",
        "everybody-is-told-of-the-closing",
        120,
        lambda: replaced(Owing, "_send", planting.all_well),
        frozenset({TROUBLE}),
    ),
    Planted(
        "the closing is told to nobody",
        "everybody-is-told-of-the-closing",
        5,
        lambda: replaced(Verdicts, "_closing", lambda *_: False),
    ),
    Planted(
        "an announcement owes no letters",
        "everybody-is-told-the-decision",
        60,
        lambda: replaced(keys, "letters_told", lambda *counts: f"letters-told-{counts[:2]}"),
    ),
    Planted(
        "decisions are told once they are approved",
        "no-decision-is-told-before-everybody-is",
        60,
        planting.told_when_approved,
    ),
    Planted(
        "exceptions are told once for each round",
        "everybody-is-told-of-their-own-time",
        40,
        lambda: replaced(keys, "exceptions_told", lambda _: "exceptions-told"),
    ),
    Planted(
        "a closed round's letters are not asked for",
        RECEIPT,
        200,
        lambda: replaced(Lifecycle, "_letters", lambda *_: []),
        frozenset({"everything-comes-to-rest", "replaying-changes-nothing", "everybody-is-told-of-the-closing"}),
    ),
    Planted(
        "a dead letter of an upload is deleted and not put back",
        "no-dead-letter-is-dropped",
        100,
        lambda: replaced(DeadLetters, "_redrive_uploads", planting.swallow("failed_uploads")),
    ),
    Planted(
        "a dead letter of a job is deleted and not put back",
        "no-dead-letter-is-dropped",
        100,
        lambda: replaced(DeadLetters, "_redrive_jobs", planting.swallow("failed_jobs")),
    ),
    Planted(
        "a partial batch answer is ignored",
        "what-failed-is-delivered-again",
        60,
        lambda: handler("ingest", "process_partial_response", planting.whole_batch_is_fine),
    ),
    Planted(
        "a partial batch answer names the wrong identifier",
        "a-poison-message-holds-back-no-neighbour",
        100,
        lambda: handler("ingest", "process_partial_response", planting.by_receipt_handle),
    ),
    Planted(
        "the stream's handler goes on after a failure",
        "what-failed-is-delivered-again",
        100,
        lambda: handler("acknowledge", "lambda_handler", planting.stream_goes_on),
    ),
    Planted(
        "arrival times are compared as texts without padding",
        NEWEST,
        40,
        lambda: replaced(applications, "order_of", planting.unpadded),
    ),
    Planted(
        "the pages of an announcement are asked for once",
        "what-was-announced-can-be-read",
        100,
        lambda: replaced(Lifecycle, "_pages", lambda *_: []),
    ),
    Planted(
        "an application is stored with another title",
        "every-application-is-as-uploaded",
        10,
        writes(planting.cut_titles),
    ),
    Planted(
        "an application that was sent still expires",
        "nothing-that-was-sent-is-lost",
        10,
        writes(planting.still_expiring),
    ),
    Planted(
        "the summary is noted as sent before it was published",
        "staff-are-told",
        200,
        lambda: replaced(Effects, "claim", planting.summary_done_at_once),
    ),
    Planted(
        "tries are counted also of what was done",
        "replaying-changes-nothing",
        10,
        lambda: replaced(Effects, "claim", planting.every_try_counted),
    ),
    Planted(
        "a closing that was begun is not taken up again",
        "everything-comes-to-rest",
        20,
        planting.closed_in_one_go,
    ),
    Planted(
        "a counter is announced instead of the recount",
        "announced-figures-equal-the-rows",
        20,
        planting.counter_announced,
    ),
    Planted(
        "a correction goes out with the figures from before",
        "announced-figures-equal-the-rows",
        40,
        planting.uncorrected,
    ),
    Planted("an embargo is over at once", "an-embargo-is-kept", 40, planting.impatient),
    Planted("one person decides alone", "decisions-take-two-people", 40, planting.one_person),
    Planted(
        "an announcement is claimed without a condition",
        "an-announcement-goes-out-once",
        200,
        planting.announced_by_everybody,
    ),
    Planted("a withdrawal leaves no event", "everything-is-audited", 20, planting.withdrawn_untold),
    Planted("the schedule moves rounds untold", "everything-is-audited", 5, planting.untold),
    Planted("a refusal is answered as if it had been done", "an-answer-says-what-became-of-it", 5, refusals_are_well),
    Planted("who signed is remembered between requests", "the-trail-names-who-asked", 20, first_caller_remembered),
    Planted(
        "what is held back is told to nobody",
        "what-does-not-go-out-sets-off-an-alarm",
        300,
        tells_nothing("advance"),
        first=430,  # One world in five hundred has an announcement that is held back until somebody is told.
    ),
    Planted("letters that failed are told to nobody", TROUBLE, 60, tells_nothing("acknowledge")),
    Planted("one dead letter is none", TROUBLE, 20, template_says("FailedJobs", Threshold=5)),
    Planted(
        "an alarm reads a queue beside the one with dead letters",
        TROUBLE,
        60,
        template_says("FailedUploads", Dimensions=[{"Name": "QueueName", "Value": {"Ref": "UploadQueue"}}]),
    ),
    Planted("a silent schedule sets off nothing", TROUBLE, 400, template_says("Heartbeat", AlarmActions=[])),
    Planted(
        "the schedule is called silent whenever it rests for a second",
        "no-alarm-in-a-calm-world",
        60,
        template_says("Heartbeat", Threshold=20),
    ),
)


@dataclass(frozen=True, slots=True)
class PlantedInPair:
    """A fault that takes two functions at the same time: in which pair, and within how many of its interleavings."""

    name: str
    invariant: str
    within: int
    plant: Callable[[], contextlib.AbstractContextManager[None]]
    pair: str


IN_PAIRS = (
    PlantedInPair(
        "a round is written without its fence",
        "state-moves-along-its-arrows",
        2000,
        planting.unfenced_round,
        "close and extend",
    ),
    PlantedInPair(
        "a sweep lists the bucket before it reads the rows",
        CERTIFICATE,
        2000,
        planting.listed_first,
        "close and late upload",
    ),
    PlantedInPair(
        "pages are claimed for one announcement alone",
        "what-was-announced-can-be-read",
        2000,
        planting.one_claim_of_pages,
        "publish and correct",
    ),
)
