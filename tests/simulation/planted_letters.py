"""Faults planted in what goes out, to whom, and how often."""

from __future__ import annotations

from datetime import timedelta

from functions.acknowledge.owing import Owing, Settled
from functions.acknowledge.receipts import Receipts
from functions.acknowledge.verdicts import Verdicts
from functions.advance.lifecycle import Lifecycle
from functions.summarise.summarising import Summarising
from shared import keys
from shared.aws import effects
from shared.aws.effects import Effects
from shared.decision_letters import DecisionLetters
from tests.simulation import planting_letters
from tests.simulation.planted_kinds import (
    ONCE,
    RECEIPT,
    TROUBLE,
    Planted,
)
from tests.simulation.planting import handler
from tests.simulation.planting_exceptions import asked_for_ever
from tests.simulation.replacing import replaced

LETTERS = (
    Planted(
        "refusals are told to nobody",
        RECEIPT,
        20,
        lambda: replaced(Receipts, "acknowledge", planting_letters.good_news_only),
    ),
    Planted(
        "nobody looks for what the stream has forgotten",
        RECEIPT,
        60,
        lambda: replaced(Owing, "catch_up", lambda *_: Settled()),
        first=25,
    ),
    Planted(
        "nobody looks for what SES refused once",
        RECEIPT,
        60,
        lambda: replaced(Receipts, "due", planting_letters.refused_once),
        first=27,
    ),
    Planted(
        "what a completion asked for is asked for ever",
        "everybody-is-told-of-their-own-time",
        60,
        asked_for_ever,
        first=1000,  # One world in five hundred lets somebody in who had withdrawn from a completion.
    ),
    Planted("effects are had without a claim", ONCE, 20, lambda: replaced(Effects, "once", planting_letters.no_claim)),
    Planted(
        "a claim is good for ten minutes",
        ONCE,
        40,
        lambda: replaced(Effects, "claim", planting_letters.ten_minutes),
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
        "what was done is undone where its answer was lost",
        ONCE,
        60,
        lambda: replaced(Effects, "give_back", planting_letters.undone),
        first=240,
    ),
    Planted(
        "a completion brings a second letter of the closing",
        ONCE,
        60,
        lambda: replaced(Effects, "all_done", planting_letters.closings_compared_by_version),
        first=340,
    ),
    Planted(
        "the summary is claimed after it was published",
        ONCE,
        100,
        lambda: replaced(Summarising, "closing_summary", planting_letters.claimed_afterwards),
    ),
    Planted(
        "letters are called sent though one failed",
        "everybody-is-told-of-the-closing",
        120,
        lambda: replaced(Owing, "_send", planting_letters.all_well),
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
        planting_letters.told_when_approved,
    ),
    Planted(
        "a correction is told while it goes out",
        "no-decision-is-told-before-everybody-is",
        60,
        planting_letters.told_when_claimed,
        first=1380,
    ),
    Planted(
        "whose amount was corrected is not told",
        "everybody-is-told-the-decision",
        60,
        lambda: replaced(DecisionLetters, "due", planting_letters.kinds_compared),
        first=40,
    ),
    Planted(
        "every correction is told to everybody",
        ONCE,
        60,
        lambda: replaced(DecisionLetters, "due", planting_letters.told_again),
        first=20,
    ),
    Planted(
        "a correction does not say that it is one",
        "everybody-is-told-the-decision",
        60,
        lambda: replaced(DecisionLetters, "due", planting_letters.always_the_first),
        first=40,
    ),
    Planted(
        "a first letter says that it corrects another",
        "everybody-is-told-the-decision",
        60,
        lambda: replaced(DecisionLetters, "due", planting_letters.never_the_first),
        first=390,
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
        "the stream's handler goes on after any failure",
        "what-failed-is-delivered-again",
        100,
        lambda: handler("acknowledge", "is_of_one_letter", lambda _: True),
    ),
    Planted(
        "everybody in the stream waits for a letter that SES refuses",
        "a-poison-message-holds-back-no-neighbour",
        100,
        lambda: handler("acknowledge", "is_of_one_letter", lambda _: False),
    ),
    Planted(
        "a letter that the stream passed over is counted nowhere",
        TROUBLE,
        100,
        lambda: handler("acknowledge", "_count_failed", lambda _: None),
    ),
    Planted(
        "the summary is noted as sent before it was published",
        "staff-are-told",
        200,
        lambda: replaced(Effects, "claim", planting_letters.summary_done_at_once),
    ),
    Planted(
        "tries are counted also of what was done",
        "replaying-changes-nothing",
        10,
        lambda: replaced(Effects, "claim", planting_letters.every_try_counted),
    ),
)
