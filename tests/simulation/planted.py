"""Faults planted in the product, to show that the simulation finds them: each by a named invariant, within a
stated number of seeds."""

from __future__ import annotations

from functions.administer import chain
from functions.administer.dead_letters import DeadLetters
from functions.advance import closing
from functions.advance.lifecycle import Lifecycle
from functions.announce.announcing import Announcing
from functions.apply.applying import Applying
from functions.apply.attesting import Attesting
from functions.decide import deciding
from functions.publish.publishing import Publishing
from shared.applications import Application
from shared.rounds import form_expiry
from tests.simulation import planting, planting_trail
from tests.simulation.planted_arrivals import ARRIVALS
from tests.simulation.planted_kinds import (
    ALTERED,
    CERTIFICATE,
    ONE_OUTCOME,
    RECEIPTS,
    TOTALS,
    TROUBLE,
    Planted,
    PlantedInPair,
)
from tests.simulation.planted_letters import LETTERS
from tests.simulation.planting import handler
from tests.simulation.planting_alarms import tells_nothing, template_says
from tests.simulation.planting_arrivals import before_its_second, by_its_own_clock
from tests.simulation.planting_doors import (
    first_caller_remembered,
    five_minutes_early,
    refusals_are_well,
    twice_in_one_commit,
    without_grace,
)
from tests.simulation.replacing import recoded, replaced

PLANTED = (
    *ARRIVALS,
    *LETTERS,
    Planted(
        "decisions are approved whatever was withdrawn since",
        "what-stands-is-decided",
        200,
        lambda: replaced(deciding, "list_digest", lambda _: "the same"),
    ),
    Planted(
        "whatever submission is named, the receipt is of the last",
        RECEIPTS,
        40,
        lambda: replaced(Attesting, "_named", lambda self, call, application, _: self._last(call, application)),
    ),
    Planted(
        "what was sent twice with one form has the receipt of the repetition",
        RECEIPTS,
        100,
        lambda: replaced(Attesting, "_named", planting.of_the_repetition),
    ),
    Planted(
        "a receipt is proven among everything that was recorded, whichever certificate stands for it",
        RECEIPTS,
        100,
        lambda: replaced(Attesting, "_certified", planting.among_everything),
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
        "the pages of an announcement are asked for once",
        "what-was-announced-can-be-read",
        100,
        lambda: replaced(Lifecycle, "_pages", lambda *_: []),
    ),
    Planted(
        "a correction's page has the words of the first announcement",
        "what-was-announced-can-be-read",
        60,
        lambda: replaced(Publishing, "_read", planting.first_texts),
        first=30,
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
    Planted(
        "those who were let in are certified untold",
        "everything-is-audited",
        60,
        planting_trail.exceptions_certified_untold,
    ),
    Planted(
        "a withdrawal's event names another application", "everything-is-audited", 20, planting_trail.another_withdrew
    ),
    Planted(
        "an announcement's event names whoever finished it",
        "the-trail-names-who-asked",
        20,
        lambda: replaced(Announcing, "_record", planting_trail.published_by_the_job),
    ),
    Planted(
        "one job is started for all dead letters",
        "no-dead-letter-is-dropped",
        60,
        lambda: replaced(DeadLetters, "_job", planting_trail.first_job_for_all),
        first=40,
    ),
    Planted(
        "a round's row is held against nothing",
        ALTERED,
        60,
        lambda: replaced(chain, "differences", lambda *_: iter(())),
    ),
    Planted(
        "whose link opens an application is held against nothing",
        ALTERED,
        60,
        lambda: replaced(Application, "origin", property(lambda _: "")),
        first=140,
    ),
    Planted("the schedule moves rounds untold", "everything-is-audited", 5, planting.untold),
    Planted("a refusal is answered as if it had been done", "an-answer-says-what-became-of-it", 5, refusals_are_well),
    Planted(
        "a withdrawal by letter is more than one transaction can do",
        "an-answer-says-what-became-of-it",
        60,
        twice_in_one_commit,
        first=25,
    ),
    Planted(
        "the door is shut five minutes early",
        "nobody-is-turned-away-early",
        20,
        lambda: replaced(Applying, "_admit", five_minutes_early),
    ),
    Planted(
        "forms end without the grace",
        "a-form-is-good-for-as-long-as-it-may",
        20,
        lambda: recoded(form_expiry, without_grace),
    ),
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

IN_PAIRS = (
    PlantedInPair(
        "a withdrawal by letter fails each time",
        "nobody-fails-without-a-cause",
        20,
        twice_in_one_commit,
        "approve and withdraw by letter",
    ),
    PlantedInPair(
        "a withdrawal is of the function's own instant",
        "a-withdrawal-holds",
        200,
        lambda: replaced(Application, "withdrawn", by_its_own_clock),
        "withdraw and ingest",
    ),
    PlantedInPair(
        "a withdrawal covers what came before its second alone",
        "a-withdrawal-holds",
        200,
        lambda: replaced(Application, "state", property(before_its_second)),
        "withdraw and ingest",
    ),
    PlantedInPair(
        "a round is written without its fence",
        "state-moves-along-its-arrows",
        2000,
        planting.unfenced_round,
        "close and extend",
    ),
    PlantedInPair(
        "an approval is taken back beside a claim",
        "decisions-take-two-people",
        2000,
        planting.unfenced_round,
        "announce and take back",
    ),
    PlantedInPair(
        "closing does not wait for uploads that have begun",
        ONE_OUTCOME,
        200,
        lambda: replaced(closing.Closing, "_may_arrive", planting.impatient_closing),
        "close and slow upload",
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
