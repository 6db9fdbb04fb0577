"""One seed from the creation of a round to rest, a replay of all that happened, and the expiry of drafts."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from shared import keys, totals
from shared.rounds import RoundState
from tests.simulation.cloud import DRAIN, ROUND, Cloud, new_round
from tests.simulation.correctors import Corrector
from tests.simulation.delivery import Delivery, letters_waiting, message_of
from tests.simulation.kernel import Fault
from tests.simulation.long_rounds import LongRound
from tests.simulation.meddler import Meddler
from tests.simulation.people import Applicant, Officer
from tests.simulation.receipts import holders_check
from tests.simulation.registrar import Registrar
from tests.simulation.rest import documents, faults_at_rest
from tests.simulation.tampering import unfound
from tests.simulation.watch import Violation
from tests.simulation.world import World
from tests.simulation.writers import Writer

RESTS_WITHIN = 30
"""Ticks, from when faults have ended, people have stopped and forms are over, until everything has come to rest."""
_AFTER = timedelta(days=401)
_STAFF = ("anna", "bertil", "cecilia")
_CORRECTORS = ("dagny", "erik")


@dataclass
class Outcome:
    """What became of a seed."""

    seed: int | str
    violation: Violation | None
    ticks: int
    """From the end of faults to rest."""
    calls: int
    happened: list[str]
    notes: list[str]
    reached: dict[tuple[str, int, str], set[Fault | None]] = field(repr=False, default_factory=dict)
    seen: frozenset[str] = frozenset()
    """Kinds of letters that went out, alarms, and what they had to tell of."""


def run(seed: int | str, muted: frozenset[str] = frozenset(), ignored: frozenset[str] = frozenset()) -> Outcome:
    """Everything that the seed decides. `ignored` names invariants to leave aside."""
    world = World(seed, muted)
    delivery = Delivery(world)
    cloud = world.cloud
    cloud.watch.ignored = ignored
    long_round = LongRound(world)
    _create(world, long_round)
    applicants: list[Applicant] = []
    for number in range(world.plan.randint(1, 4)):
        applicant = Applicant(world, delivery, number)
        if world.happens(applicant.name, 1.1, world.plan):
            applicants.append(applicant)
            world.person(applicant.name, applicant.lives())
            writer = Writer(world, applicant)
            world.person(writer.name, writer.types())
    for name in _STAFF:
        if world.happens(name, 1.1, world.plan):
            world.person(name, Officer(world, name).works())
    if world.happens("registrar", 0.7, world.dice("registrar's presence")):
        world.person("registrar", Registrar(world, delivery, applicants).works())
    for name in _CORRECTORS:
        if world.happens(f"{name} corrects", 0.5, world.dice(name)):
            world.person(name, Corrector(world, name).works())
    if not world.calm and world.happens("somebody meddles", 0.1, world.dice("meddler's presence")):
        world.person("meddler", Meddler(world, "meddler").works())
    if long_round.is_one:
        world.person("closer", long_round.closer())
    delivery.schedule("advance", {"source": "heartbeat"}, 60)
    world.after(600, lambda: delivery.schedule("summarise", {"summary": "digest"}, 86_400))
    # Once a day: at some moment of the hour that a world is.
    catches_up = world.dice("catching up").uniform(0, (world.closes - cloud.now).total_seconds())
    world.after(catches_up, lambda: delivery.schedule("acknowledge", {"unsent": "receipts"}, 86_400))
    ends = world.closes + timedelta(minutes=world.plan.randint(5, 60))
    world.run_until(lambda: cloud.now >= ends)
    ticks = _come_to_rest(world, delivery)
    for phase in (_check_rest, _tamper, lambda world, _: holders_check(world, applicants), _replay, _expire):
        if not cloud.watch.violations:
            phase(world, delivery)
    found = cloud.watch.violations
    return Outcome(
        seed,
        found[0] if found else None,
        ticks,
        len(world.kernel.notes),
        world.happened,
        [f"{at:%H:%M:%S.%f}"[:-4] + f"  {who}: {what}" for at, who, what in world.kernel.notes],
        world.kernel.reached,
        frozenset({*delivery.troubles.reached, *_letters(cloud)}),
    )


def _letters(cloud: Cloud) -> set[str]:
    """Kinds of what went out. Example: letters of week"""
    notices = {name.split("-")[2] for name in cloud.effects if name.startswith("notice-")}
    return {f"letters of {kind}" for kind in notices}


def _create(world: World, long_round: LongRound) -> None:
    """Somebody tries until the round is there."""
    for _ in range(20):
        if world.cloud.table.peek(keys.round_key(ROUND)) is None:
            request = new_round(long_round.closes, world.grace, **long_round.opens)
            create = lambda: world.doors.ask("POST", "/staff/rounds", request, by="anna")  # noqa: E731,B023
            world.kernel.finish(world.kernel.task_of(world.number("create"), create))


def _come_to_rest(world: World, delivery: Delivery) -> int:
    """From here on nothing fails any more, and staff redrive what failed, except what is about letters to applicants:
    those must not need it."""
    cloud = world.cloud
    world.faulty = False
    world.kernel.note("the world", "has no more faults")
    redrives = {"next": cloud.now}
    redrive = lambda: world.doors.ask("POST", "/staff/dead-letters/redrive", {}, by="anna")  # noqa: E731

    def over() -> bool:
        call = cloud.watch.round(ROUND)
        last = call.last_arrival
        if last is not None and call.exceptions_until is not None:
            last = max(last, call.exceptions_until + call.grace)
        return not world.people and last is not None and cloud.now > last + DRAIN + timedelta(minutes=16)

    def at_rest() -> bool:
        if cloud.now >= redrives["next"]:
            redrives["next"] = cloud.now + timedelta(minutes=3)
            _forget_receipts(cloud)
            if letters_waiting(cloud):
                world.spawn("administer", redrive, lambda task: None)  # noqa: ARG005
        return over() and delivery.quiet and not _broken(cloud) and not _owed(cloud)

    _until(world, over)
    began = delivery.ticks
    _until(world, lambda: at_rest() or delivery.ticks > began + RESTS_WITHIN)
    return delivery.ticks - began


def _forget_receipts(cloud: Cloud) -> None:
    """Dead letters about receipts are as old as SQS lets them become."""
    for number, letter in list(cloud.failed_jobs.waiting.items()):
        body = json.loads(letter.body)
        if (
            "DDBStreamBatchInfo" in body
            or {"resend", "owed", "notify", "unsent"} & body.get("requestPayload", {}).keys()
        ):
            del cloud.failed_jobs.waiting[number]


def _owed(cloud: Cloud) -> list[str]:
    """What the schedule has yet to see to. Until then a tick changes something, and that is no replay's doing."""
    call = cloud.watch.round(ROUND)
    if call.embargo is not None:
        return [f"an announcement at {call.embargo.at}"]
    outcomes = totals.outcomes_counted(cloud.table.peek(keys.totals_key(ROUND)) or {})
    told = keys.letters_told(outcomes, call.certificates, call.announcement)
    owed = [told, *([keys.LEFTOVERS_MARKED] if call.state is RoundState.ANNOUNCED else [])]
    owed += [keys.result_pages(call.announcement)] if call.announcement is not None else []
    undone = [effect for effect in owed if "done_at" not in (cloud.table.peek(keys.effect_key(ROUND, effect)) or {})]
    return [*undone, *(["certificate of exceptions"] if call.exceptions_until is not None else [])]


def _broken(cloud: Cloud) -> bool:
    return any(one.invariant not in cloud.watch.ignored for one in faults_at_rest(cloud))


_NOTED_ANEW = "FAILURE#"
"""Notes for operators of what failed, which fails again and is noted again."""


def _until(world: World, ends: Callable[[], bool]) -> None:
    if not world.run_until(ends):
        world.cloud.watch.found("everything-comes-to-rest", "it goes on and on")


def _check_rest(world: World, delivery: Delivery) -> None:
    watch = world.cloud.watch
    watch.judge(faults_at_rest(world.cloud))
    if not watch.violations and (owed := _owed(world.cloud)):
        watch.found("everything-comes-to-rest", f"still to do: {owed}")
    if not delivery.quiet and not watch.violations:
        letters = [*world.cloud.failed_uploads.waiting.values(), *world.cloud.failed_jobs.waiting.values()]
        watch.found("everything-comes-to-rest", f"still at work: {sorted(world.live)}, {[one.body for one in letters]}")


def _tamper(world: World, delivery: Delivery) -> None:  # noqa: ARG001  every phase is told of both
    world.cloud.watch.judge(unfound(world.cloud, world.dice("tampering")))


def _replay(world: World, delivery: Delivery) -> None:
    """Every upload is told again, the stream is read from its beginning, the schedule fires twice."""
    cloud = world.cloud
    world.kernel.note("the world", "sees everything that happened once more")
    rows, effects = cloud.table.snapshot(), {name: list(sent) for name, sent in cloud.effects.items()}
    for _, stored in documents(cloud):
        cloud.uploads.put(message_of(stored.version))
    delivery.read_again()
    cloud.functions.start_later("acknowledge", {"resend": True})
    cloud.functions.start_later("acknowledge", {"owed": ROUND})
    cloud.functions.start_later("summarise", {"summary": "closing", "round": ROUND})
    began = delivery.ticks
    _until(world, lambda: delivery.quiet and delivery.ticks > began + 2)
    now = cloud.table.snapshot()
    changed = [
        f"{name} was {rows.get(partition, {}).get(name)} and is {now.get(partition, {}).get(name)}"
        for partition in {*rows, *now}
        if not partition.startswith(_NOTED_ANEW)
        for name in {*rows.get(partition, {}), *now.get(partition, {})}
        if rows.get(partition, {}).get(name) != now.get(partition, {}).get(name)
    ]
    changed += [name for name, sent in cloud.effects.items() if len(sent) != len(effects.get(name, ()))]
    if changed:
        cloud.watch.found("replaying-changes-nothing", f"{changed[0]}"[:600])


def _expire(world: World, delivery: Delivery) -> None:  # noqa: ARG001  every phase is told of both
    """More than a year later DynamoDB removes the drafts that nobody sent."""
    cloud: Cloud = world.cloud
    cloud.now += _AFTER
    cloud.table.expire(int(cloud.now.timestamp()))
    cloud.watch.judge(faults_at_rest(cloud))
