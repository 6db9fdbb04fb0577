"""The lists: a small world for each handler, and one for each pair that runs at the same time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from functions.ingest.intake import Uploaded
from shared.rounds import RoundState
from tests.simulation import scenarios
from tests.simulation.cloud import DRAIN, ROUND, Cloud
from tests.simulation.rest import faults_at_rest
from tests.simulation.scenarios import (
    approve,
    approve_correction,
    close_early,
    correct,
    extend,
    ingest,
    job,
    late_upload,
    leave,
    person,
    publish,
    publish_correction_with_pages,
    redelivered,
    settle,
    take_back,
    take_in,
    tick,
    told_to_nobody,
    turned_away,
    uploads_only,
    with_correction,
    with_outcomes,
    with_uploads,
    withdraw,
)
from tests.simulation.small import Event, Scenario, a_copy

_SUMMARY = {"summary": "closing", "round": ROUND}
_OWED = {"owed": ROUND}
_DIGEST = {"summary": "digest"}
_RESULTS = {"publish": "results", "round": ROUND}
_MOST = 50_000
"""Interleavings of those pairs that have millions of them, or far more."""


def handlers() -> list[Scenario]:
    """One after another: every order, one event twice, every single fault."""
    staff = [_summarise(), _administer(), _decide(), _announce(), _publish()]
    return [_ingest(), _acknowledge(), _owing(), _advance(), *staff, _correct(), _apply()]


def _ingest() -> Scenario:
    begin, uploads, _ = with_uploads(4)
    events = [ingest(uploads, number) for number in range(4)]
    return Scenario("ingest", begin, events, redelivered(uploads), uploads_only)


def _acknowledge() -> Scenario:
    begin, _ = with_outcomes(RoundState.OPEN)

    def receipt(number: int) -> Event:
        return Event(
            f"receipt {number}",
            lambda cloud: lambda: cloud.receipts.acknowledge(cloud.watch.submissions(ROUND)[number]),
        )

    jobs = [job("acknowledge", {"resend": True}, 1), job("acknowledge", {"unsent": "receipts"}, 2)]
    events = [*(receipt(number) for number in range(2)), *jobs]
    return Scenario("acknowledge", begin, events, settle, faults_at_rest)


def _owing() -> Scenario:
    """The round has closed, and nobody has been told anything."""
    begin, _ = with_outcomes(RoundState.CLOSED)
    first = Event("receipt", lambda cloud: lambda: cloud.receipts.acknowledge(cloud.watch.submissions(ROUND)[0]))
    events = [first, job("acknowledge", _OWED, 1), job("acknowledge", _OWED, 2), tick()]
    return Scenario("acknowledge, what is owed", begin, events, settle, faults_at_rest)


def _advance() -> Scenario:
    begin, uploads, applications = with_uploads(2)

    def over(cloud: Cloud) -> None:
        begin(cloud)
        cloud.now = scenarios.OVER

    events = [tick(1), tick(2), ingest(uploads, 0), turned_away(applications, 1)]
    return Scenario("advance", over, events, settle, told_to_nobody)


def _summarise() -> Scenario:
    begin, _ = with_outcomes(RoundState.CLOSED)
    events = [job("summarise", _SUMMARY, 1), job("summarise", _SUMMARY, 2), job("summarise", _DIGEST, 3), tick()]
    return Scenario("summarise", begin, events, settle, faults_at_rest)


def _administer() -> Scenario:
    begin, _, _ = with_uploads(2)

    def failed(cloud: Cloud) -> None:
        begin(cloud)
        scenarios.message(cloud)

    redrive = person("redrive", lambda cloud: cloud.dead_letters.redrive(None))
    show = person("show", lambda cloud: cloud.dead_letters.show())
    return Scenario("administer", failed, [extend(), close_early(), redrive, show], settle, faults_at_rest)


def _decide() -> Scenario:
    begin, _ = with_outcomes(RoundState.CLOSED)
    events = [take_in("anna", 1), take_in("bertil", 2), approve("anna"), approve("cecilia")]
    return Scenario("decide", begin, events, settle, faults_at_rest)


def _announce() -> Scenario:
    begin, _ = with_outcomes(RoundState.DECIDED)
    finish = job("announce", {"finish": "announcement", "round": ROUND})
    events = [publish("anna"), publish("bertil"), finish, tick()]
    return Scenario("announce", begin, events, settle, faults_at_rest, timedelta(seconds=50))


def _publish() -> Scenario:
    """The pages of an announcement, and of its correction, which goes out meanwhile."""
    begin = with_correction(approved=True)
    events = [job("publish", _RESULTS, 1), job("publish", _RESULTS, 2), publish("bertil", 2), tick()]
    return Scenario("publish", begin, events, settle, faults_at_rest, timedelta(seconds=50))


def _correct() -> Scenario:
    begin = with_correction(approved=False)
    events = [correct("cecilia", 3), approve_correction("anna"), approve_correction("bertil"), publish("cecilia", 2)]
    return Scenario("correct", begin, [*events, tick()], settle, faults_at_rest, timedelta(seconds=50))


def _apply() -> Scenario:
    begin, uploads, applications = with_uploads(2)
    start = person("start", lambda cloud: cloud.applying.start(ROUND, "sv"))
    look = person("look", lambda cloud: cloud.applying.status(applications[0].link))
    events = [start, turned_away(applications), withdraw(applications), ingest(uploads, 0), look]
    return Scenario("apply", begin, events, settle, told_to_nobody, timedelta(minutes=4))


def pairs() -> list[Scenario]:
    """At the same time: every interleaving, then with every single fault."""
    return [
        _two_ingests("the same version", (0, 0)),
        _two_ingests("two versions of one application", (0, 1)),
        _two_ingests("two applications", (0, 2)),
        _withdraw_and_ingest(),
        *_exceptions(),
        *_closings(),
        *_decisions(),
        *_announcements(),
        *_corrections(),
    ]


def _corrections() -> list[Scenario]:
    entered, approved = with_correction(approved=False), with_correction(approved=True)
    again = [approve_correction("bertil"), correct("cecilia", 3)]
    both = [publish("anna", 2), publish("bertil", 2)]
    pages = [job("publish", _RESULTS), publish_correction_with_pages()]
    return [
        Scenario("approve and correct again", entered, again, settle, faults_at_rest),
        Scenario("correct and correct", approved, both, settle, faults_at_rest, most=_MOST),
        Scenario("publish and correct", approved, pages, settle, faults_at_rest, most=_MOST),
    ]


def _two_ingests(what: str, which: tuple[int, int]) -> Scenario:
    begin, uploads, _ = with_uploads(4)
    events = [ingest(uploads, number) for number in which]
    return Scenario(f"ingest and ingest: {what}", begin, events, redelivered(uploads), uploads_only)


def _withdraw_and_ingest() -> Scenario:
    begin, uploads, applications = with_uploads(2)

    def sent(cloud: Cloud) -> None:
        begin(cloud)
        a_copy(cloud).ingest(uploads[0])

    # Its clock is behind S3's: by that, it withdraws what has yet to arrive.
    withdrawal = replace(withdraw(applications), skew=timedelta(seconds=-1.5))
    events = [withdrawal, ingest(uploads, 1)]
    return Scenario("withdraw and ingest", sent, events, redelivered(uploads), uploads_only)


def _exceptions() -> list[Scenario]:
    """Letters that come while colleagues approve; and somebody who was let in, whose document S3 has."""
    begin, applications = with_outcomes(RoundState.CLOSED)
    sent: list[Uploaded] = []

    def entered(cloud: Cloud) -> None:
        begin(cloud)
        cloud.deciding.take_in(ROUND, scenarios.filled(cloud, 1), "anna")

    def let_in_and_sent(cloud: Cloud) -> None:
        entered(cloud)
        cloud.lifecycle.tick()
        sent[:] = [scenarios.sent_late(cloud)]

    def over(cloud: Cloud) -> None:
        let_in_and_sent(cloud)
        cloud.now = scenarios.LET_IN_UNTIL + timedelta(seconds=scenarios.GRACE) + DRAIN + timedelta(seconds=1)

    withdrawal = scenarios.withdraw_by_letter(applications)
    return [
        Scenario("approve and withdraw by letter", entered, [approve("bertil"), withdrawal], leave, told_to_nobody),
        Scenario(
            "ingest and withdraw by letter", let_in_and_sent, [ingest(sent, 0), withdrawal], settle, told_to_nobody
        ),
        Scenario(
            "ingest and certify who was let in", over, [ingest(sent, 0), tick()], settle, told_to_nobody, most=_MOST
        ),
        Scenario("approve and certify who was let in", over, [approve("bertil"), tick()], settle, told_to_nobody),
    ]


def _closings() -> list[Scenario]:
    begin, uploads, applications = with_uploads(2)

    def over(cloud: Cloud) -> None:
        begin(cloud)
        a_copy(cloud).ingest(uploads[0])
        cloud.now = scenarios.OVER

    def all_in(cloud: Cloud) -> None:
        over(cloud)
        a_copy(cloud).ingest(uploads[1])

    def begun(cloud: Cloud) -> None:
        all_in(cloud)
        cloud.now = scenarios.OVER - timedelta(seconds=30)
        cloud.lifecycle.tick()
        cloud.now = scenarios.OVER

    def waiting(cloud: Cloud) -> None:
        begun(cloud)
        cloud.now = scenarios.OVER - DRAIN / 2

    slow = [tick(), scenarios.slow_upload(applications)]
    return [
        Scenario("ingest and close", over, [ingest(uploads, 1), tick()], settle, told_to_nobody),
        Scenario("close and close", all_in, [tick(1), tick(2)], settle, told_to_nobody),
        Scenario("close and extend", all_in, [tick(), extend()], leave, uploads_only),
        Scenario("close and late upload", begun, [tick(), late_upload(applications)], settle, told_to_nobody),
        Scenario("close and slow upload", waiting, slow, settle, told_to_nobody),
        Scenario("close and turn away", all_in, [tick(), turned_away(applications, 1)], settle, told_to_nobody),
    ]


def _decisions() -> list[Scenario]:
    begin, _ = with_outcomes(RoundState.CLOSED)

    def entered(cloud: Cloud) -> None:
        begin(cloud)
        cloud.deciding.take_in(ROUND, scenarios.filled(cloud, 1), "anna")

    return [
        Scenario("approve and approve", entered, [approve("bertil"), approve("cecilia")], leave, told_to_nobody),
        Scenario(
            "approve and decide again", entered, [approve("bertil"), take_in("cecilia", 2)], leave, told_to_nobody
        ),
        Scenario("decide and decide", begin, [take_in("anna", 1), take_in("cecilia", 2)], leave, told_to_nobody),
    ]


def _announcements() -> list[Scenario]:
    begin, applications = with_outcomes(RoundState.DECIDED)
    finish = job("announce", {"finish": "announcement", "round": ROUND})
    both = [publish("anna"), publish("bertil")]
    away = turned_away(applications, 1)
    announced, _ = with_outcomes(RoundState.ANNOUNCED)
    pages = [job("publish", _RESULTS, number) for number in (1, 2)]
    return [
        Scenario("announce and announce", begin, both, settle, faults_at_rest),
        Scenario("announce and finish", begin, [publish("anna"), finish], settle, faults_at_rest),
        Scenario("announce and turn away", begin, [publish("anna"), away], settle, faults_at_rest),
        Scenario("announce and take back", begin, [publish("anna"), take_back("bertil")], settle, faults_at_rest),
        Scenario("publish and publish", announced, pages, settle, faults_at_rest),
    ]
