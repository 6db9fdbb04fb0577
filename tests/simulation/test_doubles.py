"""The doubles in memory, moto and the embedded cloud keep one contract. Where one of them does not, DIFFERENCES
says so, and on which side AWS is."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from boto3.dynamodb.conditions import Attr, ConditionBase
from botocore.exceptions import ClientError

from shared.aws.effects import BusyError, Effects
from shared.aws.table import ABSENT, PRESENT, Check, ConditionFailedError, ConflictError, Put, Update, Write
from shared.keys import Key
from tests.simulation.doubles.bucket import FormRefusedError
from tests.simulation.doubles.table import MemoryTable
from tests.simulation.services import Services

DIFFERENCES: dict[tuple[str, str], str] = {
    ("moto", "signed forms are enforced"): "moto takes any POST; AWS refuses as the double does (S3: POST policy)",
    ("moto", "SES refuses letters outside ASCII before the @"): "moto takes them; AWS refuses as the double does",
    ("cloud", "SES refuses letters outside ASCII before the @"): "MiniStack takes them; AWS refuses",
    ("moto", "overlapping transactions conflict"): "moto runs one call at a time; AWS cancels as the double does",
    ("cloud", "overlapping transactions conflict"): "MiniStack runs one at a time; AWS cancels as the double does",
    ("moto", "values of two kinds are not ordered"): "moto raises TypeError; on AWS and here the condition fails",
    ("moto", "SNS refuses an empty message"): "moto takes it; AWS refuses as the double does",
    ("cloud", "SNS refuses an empty message"): "MiniStack takes it; AWS refuses as the double does",
    ("moto", "KMS signs at most 4,096 bytes"): "moto signs any length; AWS refuses as the double does",
    ("cloud", "KMS signs at most 4,096 bytes"): "MiniStack signs any length; AWS refuses as the double does",
    ("cloud", "an attribute is named once"): "MiniStack takes SET and ADD of one attribute; AWS refuses",
    ("cloud", "the checksum of a form is enforced"): "MiniStack does not look at it; AWS refuses another content",
    # These no contract can ask for: of what is not kept or not refused nothing follows.
    ("double", "an item has at most 400 KB"): "the double does not measure items; AWS and moto refuse larger ones",
    (
        "double",
        "a batch is written in part",
    ): "the double writes all of it at once; AWS may write some of it",
    ("double", "a policy is signed"): "the double compares what it says; AWS refuses one that was altered",
    ("double", "what starts functions"): "moto runs them in containers; the double alone has a test",
    ("moto", "the order of a queue"): "moto keeps the order; AWS and the double keep none",
    ("cloud", "the order of a queue"): "MiniStack keeps the order; AWS and the double keep none",
    ("moto", "a subscription waits to be confirmed"): "moto confirms at once; on AWS somebody has to",
    ("cloud", "a subscription waits to be confirmed"): "MiniStack confirms at once; on AWS somebody has to",
}
"""(who differs, in what): how, and on which side AWS is."""


def key(request: pytest.FixtureRequest, sort: str = "row") -> Key:
    return {"pk": request.node.name, "sk": sort}


@pytest.fixture
def aws(aws_of_a_kind: Services) -> Services:
    return aws_of_a_kind


def differs(aws: Services, what: str) -> bool:
    return (aws.kind, what) in DIFFERENCES


def test_an_item_comes_back_as_it_was_written(aws: Services, request: pytest.FixtureRequest) -> None:
    values = {"text": "Älmhult", "whole": 10_641_000, "yes": True, "none": None, "list": ("a", 1), "map": {"a": []}}
    aws.table.write(Put(key(request), values))
    assert aws.table.get(key(request)) == {**key(request), **values, "list": ["a", 1]}
    assert aws.table.get(key(request, "other")) is None


def test_fractions_are_refused(aws: Services, request: pytest.FixtureRequest) -> None:
    with pytest.raises(TypeError):
        aws.table.write(Put(key(request), {"amount": 1.5}))


def test_several_items_come_in_the_order_of_their_keys(aws: Services, request: pytest.FixtureRequest) -> None:
    for name in "ab":
        aws.table.write(Put(key(request, name), {"is": name}))
    found = aws.table.get_several(*(key(request, name) for name in "bca"))
    assert [one and one["is"] for one in found] == ["b", None, "a"]


def test_a_query_gives_a_prefix_of_a_partition_in_order(aws: Services, request: pytest.FixtureRequest) -> None:
    names = ["A#1", "B#1", "B#10", "B#2", "B#20", "B#3", "B#30", "C#1"]
    aws.table.put_all([Put(key(request, name), {"n": 1}) for name in reversed(names)])
    assert [row["sk"] for row in aws.table.query(request.node.name, "B#")] == names[1:-1]
    assert [row["sk"] for row in aws.table.query(request.node.name)] == names
    assert list(aws.table.query("no such partition")) == []


def test_many_puts_are_more_than_one_batch(aws: Services, request: pytest.FixtureRequest) -> None:
    aws.table.put_all([Put(key(request, f"{number:03}"), {"n": number}) for number in range(60)])
    assert [row["n"] for row in aws.table.query(request.node.name)] == list(range(60))


CONDITIONS: list[tuple[ConditionBase, bool, bool]] = [
    (ABSENT, False, True),
    (PRESENT, True, False),
    (Attr("n").eq(5), True, False),
    (Attr("n").eq("5"), False, False),
    (Attr("n").ne(6), True, True),
    (Attr("n").ne(5), False, True),
    (Attr("n").lt(6), True, False),
    (Attr("n").lte(5), True, False),
    (Attr("n").gt(5), False, False),
    (Attr("n").gte(5), True, False),
    (Attr("text").lt("2019-10-15T21:59:59Z"), True, False),
    (Attr("text").begins_with("2019"), True, False),
    (Attr("yes").eq(True), True, False),
    (Attr("map.inner").eq("x"), True, False),
    (Attr("map.none").exists(), False, False),
    (Attr("none").exists(), True, False),
    (Attr("absent").not_exists() & Attr("n").eq(5), True, False),
    (Attr("n").eq(6) | Attr("text").exists(), True, False),
    (~Attr("n").eq(6), True, True),
]


@pytest.mark.parametrize(("condition", "there", "not_there"), CONDITIONS)
@pytest.mark.parametrize("transaction", [False, True])
def test_conditions_are_judged_against_the_item(
    aws: Services,
    request: pytest.FixtureRequest,
    *,
    condition: ConditionBase,
    there: bool,
    not_there: bool,
    transaction: bool,
) -> None:
    item = {"n": 5, "text": "2019-10-15T21:59:59.5Z", "yes": True, "map": {"inner": "x"}, "none": None}
    for exists, expected in ((True, there), (False, not_there)):
        place = key(request, f"{exists}")
        if exists:
            aws.table.write(Put(place, item))
        write = Update(place, set={"seen": 1}, condition=condition)
        found: object = "it held"
        try:
            aws.table.transact([write]) if transaction else aws.table.write(write)
        except ConditionFailedError as error:
            found = error.found
        assert found == ("it held" if expected else {0: {**place, **item} if exists else None})


def test_values_of_two_kinds_are_not_ordered(aws: Services, request: pytest.FixtureRequest) -> None:
    if differs(aws, "values of two kinds are not ordered"):
        pytest.skip(DIFFERENCES[aws.kind, "values of two kinds are not ordered"])
    aws.table.write(Put(key(request), {"n": 5}))
    with pytest.raises(ConditionFailedError):
        aws.table.write(Update(key(request), set={"seen": 1}, condition=Attr("n").lt("6")))


def test_an_update_sets_adds_and_removes_at_once(aws: Services, request: pytest.FixtureRequest) -> None:
    aws.table.write(Update(key(request), set={"a": 1, "b": None}, add={"n": 2}))
    aws.table.write(Update(key(request), set={"a": ["x"]}, add={"n": -3, "m": 1}, remove=("b", "c")))
    assert aws.table.get(key(request)) == {**key(request), "a": ["x"], "n": -1, "m": 1}


@pytest.mark.parametrize(
    "wrong",
    [
        {"set": {"pk": "other"}},
        {"set": {"a": 1}, "add": {"a": 1}},
        {"set": {"a": 1}, "remove": ("a",)},
        {"add": {"text": 1}},
    ],
)
def test_updates_that_make_no_sense_are_refused(
    aws: Services, request: pytest.FixtureRequest, wrong: dict[str, Any]
) -> None:
    if "add" in wrong and "set" in wrong and differs(aws, "an attribute is named once"):
        pytest.skip(DIFFERENCES[aws.kind, "an attribute is named once"])
    aws.table.write(Put(key(request), {"text": "x"}))
    with pytest.raises(ClientError):
        aws.table.write(Update(key(request), **wrong))


def test_a_transaction_is_all_or_nothing_and_names_what_failed(aws: Services, request: pytest.FixtureRequest) -> None:
    aws.table.write(Put(key(request, "a"), {"n": 1}))
    writes: list[Write] = [
        Update(key(request, "new"), add={"n": 1}),
        Check(key(request, "a"), Attr("n").eq(2)),
        Put(key(request, "b"), {}, PRESENT),
    ]
    with pytest.raises(ConditionFailedError) as error:
        aws.table.transact(writes)
    assert error.value.found == {1: {**key(request, "a"), "n": 1}, 2: None}
    assert [row["sk"] for row in aws.table.query(request.node.name)] == ["a"]
    aws.table.transact([writes[0], Check(key(request, "a"), Attr("n").eq(1))])
    assert aws.table.get(key(request, "new")) == {**key(request, "new"), "n": 1}


def test_a_transaction_names_each_item_once_and_no_more_than_a_hundred(
    aws: Services, request: pytest.FixtureRequest
) -> None:
    twice: list[Write] = [Put(key(request), {}), Check(key(request), PRESENT)]
    many: list[Write] = [Put(key(request, str(number)), {}) for number in range(101)]
    for writes in (twice, many):
        with pytest.raises(ClientError):
            aws.table.transact(writes)
    aws.table.transact(many[:100])
    assert len(list(aws.table.query(request.node.name))) == 100


def test_overlapping_transactions_conflict(aws: Services, request: pytest.FixtureRequest) -> None:
    if differs(aws, "overlapping transactions conflict"):
        pytest.skip(DIFFERENCES[aws.kind, "overlapping transactions conflict"])
    table = aws.table
    assert isinstance(table, MemoryTable)
    met: list[str] = []

    def meanwhile() -> None:
        table._wire.flight = lambda: None  # type: ignore[method-assign]
        with pytest.raises(ConflictError):
            table.transact([Check(key(request), ABSENT), Put(key(request, "b"), {})])
        with pytest.raises(ConflictError):
            table.write(Put(key(request), {"by": "another"}))
        met.append("both")
        assert table.get(key(request)) is None

    table._wire.flight = meanwhile  # type: ignore[method-assign]
    table.transact([Put(key(request), {"by": "one"})])
    assert met == ["both"]
    assert [row.get("by") for row in table.query(request.node.name)] == ["one"]


def test_an_effect_is_claimed_once_and_again_when_its_lease_is_over(
    aws: Services, request: pytest.FixtureRequest
) -> None:
    effects, now, round_id = Effects(aws.table), datetime(2019, 10, 16, 8, tzinfo=UTC), request.node.name
    assert effects.claim(round_id, "letter", now)
    with pytest.raises(BusyError):
        effects.claim(round_id, "letter", now + timedelta(minutes=2))
    assert effects.claim(round_id, "letter", now + timedelta(minutes=2, seconds=1))
    effects.done(round_id, "letter", now)
    assert not effects.claim(round_id, "letter", now + timedelta(days=1))


def test_a_version_is_read_and_cut_off_past_the_limit(aws: Services, request: pytest.FixtureRequest) -> None:
    name = f"rounds/{hashlib.sha256(request.node.name.encode()).hexdigest()}"
    first, second = aws.put(name, b"older"), aws.put(name, b"newer and longer")
    version, content = aws.bucket.read(name, first, most=100)
    assert (version.key, version.version_id, version.size, content) == (name, first, 5, b"older")
    assert version.arrived_at.microsecond == 0
    assert abs(version.arrived_at - datetime.now(UTC)) < timedelta(seconds=60)
    assert aws.bucket.read(name, second, most=4)[1] == b"newer"
    with pytest.raises(ClientError):
        aws.bucket.read(f"{name}-absent", first, most=4)


def test_a_look_shows_the_current_version(aws: Services) -> None:
    aws.put("look/here", b"older")
    version = aws.put("look/here", b"%PDF-1.7 newer")
    seen = aws.bucket.look("look/here", most=100)
    assert seen is not None
    assert (seen.version_id, seen.size, seen.head) == (version, 14, b"%PDF-1.7 newer")
    assert seen.sha256 == hashlib.sha256(b"%PDF-1.7 newer").hexdigest()
    assert aws.bucket.look("look/nowhere", most=100) is None


def test_a_version_is_looked_at_whatever_came_after_it(aws: Services) -> None:
    older = aws.put("look/back", b"%PDF-1.7 older")
    aws.put("look/back", b"%PDF-1.7 newer")
    seen = aws.bucket.look_at("look/back", older, most=100)
    assert (seen.version_id, seen.size, seen.head) == (older, 14, b"%PDF-1.7 older")
    assert seen.sha256 == hashlib.sha256(b"%PDF-1.7 older").hexdigest()
    with pytest.raises(ClientError):
        aws.bucket.look_at("look/nowhere", older, most=100)


def test_of_a_file_that_is_too_large_only_the_beginning_is_hashed(aws: Services) -> None:
    content = b"0123456789" * 60_000
    aws.put("large", content)
    seen = aws.bucket.look("large", most=1000)
    assert seen is not None
    assert (seen.size, seen.sha256) == (600_000, hashlib.sha256(content[: 256 * 1024]).hexdigest())


def test_every_version_is_listed_by_key_and_the_newest_first(aws: Services) -> None:
    put = [(name, aws.put(f"list/{name}", b"x")) for name in ("b", "a", "b", "c")]
    aws.put("listed/elsewhere", b"x")
    listed = [(one.key.removeprefix("list/"), one.version_id, one.size) for one in aws.bucket.versions("list/")]
    assert listed == [(*put[1], 1), (*put[2], 1), (*put[0], 1), (*put[3], 1)]


def test_a_version_is_marked_and_no_other(aws: Services) -> None:
    aws.put("mark/me", b"1")
    aws.put("mark/me", b"2")
    newer, older = aws.bucket.versions("mark/")
    aws.bucket.mark_unsubmitted(older)
    assert (aws.tags(older), aws.tags(newer)) == ({"anslag": "unsubmitted"}, {})


FORM = b"%PDF-1.7 a letter of intent"


@pytest.mark.parametrize(
    ("changed", "content", "taken"),
    [
        ({}, FORM, True),
        ({}, FORM + b"!", False),
        ({}, FORM[:-1] + b"!", False),
        ({"key": "rounds/another"}, FORM, False),
        ({"Content-Type": "text/html"}, FORM, False),
        ({"x-amz-meta-origin": "another"}, FORM, False),
    ],
)
def test_a_signed_form_fits_one_content_at_one_key(
    aws: Services, *, changed: dict[str, str], content: bytes, taken: bool
) -> None:
    if differs(aws, "signed forms are enforced"):
        pytest.skip(DIFFERENCES[aws.kind, "signed forms are enforced"])
    if content != FORM and len(content) == len(FORM) and differs(aws, "the checksum of a form is enforced"):
        pytest.skip(DIFFERENCES[aws.kind, "the checksum of a form is enforced"])
    sha256 = hashlib.sha256(FORM).hexdigest()
    form = aws.bucket.sign_form(
        "rounds/form",
        size=len(FORM),
        media_type="application/pdf",
        sha256=sha256,
        lifetime=timedelta(minutes=1),
        origin="an application",
    )
    form.fields.update(changed)
    if taken:
        aws.post(form, content)
        seen = aws.bucket.look("rounds/form", most=1000)
        assert seen is not None
        assert seen.sha256 == sha256
    else:
        with pytest.raises(FormRefusedError):
            aws.post(form, content)


@pytest.mark.parametrize("origin", ["", "an application"])
def test_what_is_uploaded_says_what_its_form_was_signed_for(aws: Services, origin: str) -> None:
    sha256, key = hashlib.sha256(FORM).hexdigest(), f"rounds/of {origin}"
    minute, kind = timedelta(minutes=1), "application/pdf"
    form = aws.bucket.sign_form(key, size=len(FORM), media_type=kind, sha256=sha256, lifetime=minute, origin=origin)
    aws.post(form, FORM)
    (listed,) = aws.bucket.versions(key)
    assert aws.bucket.read(key, listed.version_id, most=100)[0].origin == origin


def test_a_form_that_is_over_is_refused(aws: Services) -> None:
    if differs(aws, "signed forms are enforced"):
        pytest.skip(DIFFERENCES[aws.kind, "signed forms are enforced"])
    sha256 = hashlib.sha256(FORM).hexdigest()
    form = aws.bucket.sign_form(
        "rounds/over", size=len(FORM), media_type="application/pdf", sha256=sha256, lifetime=timedelta(0)
    )
    with pytest.raises(FormRefusedError):
        aws.post(form, FORM)
