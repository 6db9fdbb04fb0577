"""What one application costs: calls to AWS, bytes sent, capacity of the table. Counts, because they do not depend
on the machine; `make test` shows them at its end."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import boto3
import pytest
from moto import mock_aws

from functions.acknowledge.receipts import Receipts
from functions.acknowledge.sending import Sending
from functions.apply.drafting import Drafting, DraftRequest
from functions.apply.mailing import LinkRequest, Mailing
from functions.apply.uploads import FormsRequest
from functions.ingest.intake import Intake
from shared.applications import Outcome
from shared.aws import clients
from shared.aws.effects import Effects
from shared.aws.messages import Mailer
from tests.builders.documents import a_document, attachment, raw
from tests.functions.world import ROUND, World, new_world

SENDER = "kvitton@funder.example"


# ---------------------------------------------------------------- the rules of DynamoDB's prices
# Developer Guide, "DynamoDB item sizes and formats", "Provisioned capacity mode" (the units are the same on demand)
# and "Amazon DynamoDB transactions: how it works", section "Capacity management for transactions".


def item_bytes(item: Mapping[str, Any]) -> int:
    """Names and values in UTF-8, with the overhead of each kind."""
    return sum(len(name.encode()) + value_bytes(value) for name, value in item.items())


def value_bytes(value: Mapping[str, Any]) -> int:
    """The value as DynamoDB writes it. Example: {"S": "Piteå"} has six."""
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "N":
            return 1 + math.ceil(len(str(content).strip("-").strip("0")) / 2)
        case "BOOL" | "NULL":
            return 1
        case "L":
            return 3 + sum(1 + value_bytes(member) for member in content)
        case "M":
            return 3 + sum(1 + len(name.encode()) + value_bytes(member) for name, member in content.items())
    raise AssertionError(f"{kind} is new here: what does it cost?")


def read_units(size: int) -> int:
    """A strongly consistent read: one for each 4 KB, one for nothing too."""
    return max(1, math.ceil(size / 4096))


def write_units(size: int) -> int:
    """A write: one for each KB of the item, before or after, whichever is larger. In a transaction it is twice that,
    and a check that writes nothing is counted as if it wrote."""
    return max(1, math.ceil(size / 1024))


# ---------------------------------------------------------------- the meter


@dataclass
class Cost:
    """What was used."""

    calls: list[str] = field(default_factory=list)
    bytes: int = 0
    reads: int = 0
    writes: int = 0


class Meter:
    """Listens to the clients that the functions use, between botocore's serialiser and the network."""

    def __init__(self) -> None:
        self.cost = Cost()
        self._aside: Any = boto3.client("dynamodb")
        self._before: list[int] = []
        self._parameters: dict[str, Any] = {}

    def provided(self, params: dict[str, Any], **_: Any) -> None:
        """A call begins: botocore has its parameters as the code gave them."""
        self._parameters = params
        self._before = [self._stored(key) for key in _written_keys(params)]

    def sent(self, model: Any, params: dict[str, Any], **_: Any) -> None:
        """The request is ready."""
        self.cost.calls.append(model.name)
        self.cost.bytes += len(params["body"] or b"")

    def answered(self, model: Any, parsed: dict[str, Any], **_: Any) -> None:
        """The answer is here, a refusal perhaps: that costs as much."""
        match model.name:
            case "GetItem":
                self.cost.reads += read_units(item_bytes(parsed.get("Item", {})))
            case "BatchGetItem":
                ((_, asked),) = self._parameters["RequestItems"].items()
                ((_, found),) = parsed["Responses"].items()
                self.cost.reads += sum(read_units(item_bytes(item)) for item in found)
                self.cost.reads += len(asked["Keys"]) - len(found)
            case "Query":
                self.cost.reads += read_units(sum(map(item_bytes, parsed["Items"])))
            case "PutItem" | "UpdateItem" | "TransactWriteItems":
                after = [self._stored(key) for key in _written_keys(self._parameters)]
                units = sum(map(write_units, map(max, self._before, after)))
                self.cost.writes += 2 * units if model.name == "TransactWriteItems" else units

    def _stored(self, key: dict[str, Any]) -> int:
        answer = self._aside.get_item(TableName="anslag", Key=key, ConsistentRead=True)
        return item_bytes(answer.get("Item", {}))


def _written_keys(params: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for write in params.get("TransactItems", [{"alone": params}]):
        ((_, request),) = write.items()
        named = request.get("Key") or request.get("Item")
        if isinstance(named, dict) and "pk" in named:
            yield {name: named[name] for name in ("pk", "sk")}


def measured(act: Callable[[], object]) -> Cost:
    """What it costs to do this."""
    meter = Meter()
    listened: list[Any] = [getter() for getter in vars(clients).values() if hasattr(getter, "cache_clear")]
    events: dict[str, Callable[..., None]] = {
        "provide-client-params": meter.provided,
        "before-call": meter.sent,
        "after-call": meter.answered,
    }
    for client in listened:
        for event, listener in events.items():
            client.meta.events.register(event, listener)
    try:
        act()
    finally:
        for client in listened:
            for event, listener in events.items():
                client.meta.events.unregister(event, listener)
    return meter.cost


# ---------------------------------------------------------------- the steps of an application


def starting(world: World) -> Callable[[], object]:
    return world.start


def signing(world: World) -> Callable[[], object]:
    link, document = world.start().link, raw(a_document())
    named = attachment("", "", document, "")
    request = FormsRequest.model_validate(
        {
            "document": {"size": named["size"], "sha256": named["sha256"]},
            "attachments": [
                {name: file[name] for name in ("name", "size", "sha256", "type")}
                for file in a_document()["attachments"]
            ],
        }
    )
    return lambda: world.applying.sign(link, request)


def ingesting(world: World) -> Callable[[], object]:
    uploaded = world.upload(world.start().application.id)
    warm = Intake(world.table, world.bucket, {ROUND: world.round()}, world.clock)
    return lambda: _expect(Outcome.ACCEPTED, warm.ingest(uploaded).submission.outcome)


def ingesting_cold(world: World) -> Callable[[], object]:
    uploaded = world.upload(world.start().application.id)
    return lambda: _expect(Outcome.ACCEPTED, world.intake.ingest(uploaded).submission.outcome)


def ingesting_again(world: World) -> Callable[[], object]:
    uploaded = world.upload(world.start().application.id)
    world.intake.ingest(uploaded)
    warm = Intake(world.table, world.bucket, {ROUND: world.round()}, world.clock)
    return lambda: _expect(True, warm.ingest(uploaded).again)


def ingesting_a_change(world: World) -> Callable[[], object]:
    draft = world.start().application.id
    world.submit(draft)
    changed = world.upload(draft, a_document(project__title="En annan titel"))
    warm = Intake(world.table, world.bucket, {ROUND: world.round()}, world.clock)
    return lambda: _expect(2, warm.ingest(changed).submission.number)


def acknowledging(world: World) -> Callable[[], object]:
    recorded = world.submit(world.start().application.id).submission
    sending = Sending(Effects(world.table), Mailer(clients.ses(), SENDER), world.clock)
    receipts = Receipts(world.table, sending)
    return lambda: _expect(True, receipts.acknowledge(recorded))


def looking(world: World) -> Callable[[], object]:
    link = world.start().link
    return lambda: world.applying.status(link)


def drafting(world: World) -> Callable[[], object]:
    link, desk = world.start().link, Drafting(world.table, world.clock)
    desk.save(link, DraftRequest(revision=0, editor="window-1", draft={"document": a_document()}))
    request = DraftRequest(revision=1, editor="window-1", draft={"document": a_document(project__title="Ny")})
    return lambda: desk.save(link, request)


def reading_the_draft(world: World) -> Callable[[], object]:
    link, desk = world.start().link, Drafting(world.table, world.clock)
    desk.save(link, DraftRequest(revision=0, editor="window-1", draft={"document": a_document()}))
    return lambda: desk.show(link)


def mailing_the_link(world: World) -> Callable[[], object]:
    link, mailer = world.start().link, Mailer(clients.ses(), SENDER)
    desk = Mailing(world.table, Effects(world.table), mailer, "https://ansok.funder.example", world.clock)
    return lambda: desk.send(link, LinkRequest(email="kollega@pitea.example", language="sv"))


def looking_back(world: World) -> Callable[[], object]:
    started = world.start()
    world.submit(started.application.id)
    return lambda: world.applying.history(started.link)


def withdrawing(world: World) -> Callable[[], object]:
    started = world.start()
    world.submit(started.application.id)
    return lambda: world.applying.withdraw(started.link)


def ticking(world: World) -> Callable[[], object]:
    world.submit(world.start().application.id)
    return lambda: _expect([], world.lifecycle.tick())


def _expect(expected: object, found: object) -> None:
    assert found == expected


@dataclass(frozen=True)
class Step:
    """How it is brought about, and what it may cost: these calls in this order, and at most so many bytes and units."""

    arrange: Callable[[World], Callable[[], object]]
    calls: str
    bytes: int
    reads: int
    writes: int


LOOKS = "GetObject GetObject GetObject"
"""One for the document, one for each of its two attachments."""
STEPS = {
    "start": Step(starting, "GetItem PutItem", 700, 1, 1),
    "sign": Step(signing, "BatchGetItem UpdateItem", 690, 2, 1),
    "ingest": Step(ingesting, f"{LOOKS} TransactWriteItems", 4_600, 0, 10),
    "ingest, first in its process": Step(ingesting_cold, f"GetItem {LOOKS} TransactWriteItems", 4_700, 1, 10),
    "ingest, delivered again": Step(ingesting_again, f"{LOOKS} TransactWriteItems", 4_600, 0, 10),
    "ingest, a changed version": Step(
        ingesting_a_change, f"{LOOKS} TransactWriteItems TransactWriteItems", 8_200, 0, 20
    ),
    "receipt": Step(acknowledging, "GetItem GetItem UpdateItem SendEmail UpdateItem", 3_400, 2, 2),
    "status": Step(looking, "BatchGetItem", 210, 2, 0),
    "draft saved": Step(drafting, "BatchGetItem PutItem", 2_600, 2, 2),
    "draft read": Step(reading_the_draft, "BatchGetItem", 300, 3, 0),
    "link mailed": Step(mailing_the_link, "BatchGetItem UpdateItem SendEmail UpdateItem", 2_900, 2, 2),
    "history": Step(looking_back, "BatchGetItem Query", 600, 3, 0),
    "withdrawal": Step(withdrawing, "BatchGetItem TransactWriteItems", 3_050, 2, 10),
    "heartbeat, one open round": Step(ticking, "Query", 150, 1, 0),
}
WHOLE_WAY = ("start", "sign", "ingest", "receipt", "status")


@cache
def costs() -> dict[str, Cost]:
    """What each step costs, and all of them that every application takes. One world serves for all."""
    for getter in (clients.sns, clients.ses, clients.functions):
        getter.cache_clear()
    with mock_aws():
        world = new_world()
        clients.ses().create_email_identity(EmailIdentity=SENDER)
        found = {name: measured(step.arrange(world)) for name, step in STEPS.items()}
        acts = [STEPS[name].arrange(world) for name in WHOLE_WAY]
        return {**found, "from start to receipt": measured(lambda: [act() for act in acts])}


def line(name: str, cost: Cost) -> str:
    """A line of the table that `make test` shows."""
    counts = f"{len(cost.calls):>2} calls {cost.bytes:>6} bytes {cost.reads:>3} read {cost.writes:>3} write units"
    return f"{name:<29}{counts}  {' '.join(dict.fromkeys(cost.calls))}"


@pytest.mark.parametrize("name", STEPS)
def test_a_step_costs_no_more_than_it_did(name: str, record_property: Callable[[str, str], None]) -> None:
    step, cost = STEPS[name], costs()[name]
    record_property("measured", line(name, cost))
    assert cost.calls == step.calls.split()
    assert (cost.bytes <= step.bytes, cost.reads <= step.reads, cost.writes <= step.writes) == (True, True, True), cost


def test_an_application_costs_fourteen_calls_from_start_to_receipt(
    record_property: Callable[[str, str], None],
) -> None:
    cost = costs()["from start to receipt"]
    record_property("measured", line("from start to receipt", cost))
    assert (len(cost.calls), cost.reads, cost.writes) == (14, 7, 14)
    assert cost.bytes < 10_000


def test_sizes_are_those_of_the_developer_guide() -> None:
    """Its own rules, on an item in which each of them counts once."""
    item = {
        "S": {"S": "Piteå"},  # 1 + 6
        "N": {"N": "1200"},  # 1 + 2: two significant digits
        "B": {"BOOL": True},  # 1 + 1
        "L": {"L": [{"S": "a"}, {"N": "-7"}]},  # 1 + 3 + (1 + 1) + (1 + 2)
        "M": {"M": {"k": {"NULL": True}}},  # 1 + 3 + (1 + 1 + 1)
    }
    assert item_bytes(item) == 7 + 3 + 2 + 9 + 7
    assert [read_units(size) for size in (0, 4096, 4097)] == [1, 1, 2]
    assert [write_units(size) for size in (0, 1024, 1025)] == [1, 1, 2]
