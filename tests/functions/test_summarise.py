"""Summaries: one a day where there is news, one for each closing."""

from __future__ import annotations

from datetime import timedelta

import boto3
import pytest
from botocore.exceptions import ClientError

from functions.administer.exceptions import Exceptions, Withdrawal
from functions.summarise.summarising import Summarising
from shared import keys
from shared.aws.effects import LEASE, BusyError, Effects
from shared.aws.messages import Topic
from shared.aws.rows import read_applications
from shared.aws.table import Update
from shared.instants import parse_iso
from shared.problems import ProblemsError
from shared.programme import UnknownProgrammeError
from shared.references import spaced
from tests.functions.staff import Inbox, Killed
from tests.functions.world import ROUND, World


def summarising(world: World, topic: Topic) -> Summarising:
    queues = [world.failed_uploads, world.failed_jobs]
    return Summarising(world.table, world.bucket, Effects(world.table), topic, queues, world.clock)


def test_the_closing_summary_goes_out_once_and_counts_each_kind(closed: World, inbox: Inbox) -> None:
    assert summarising(closed, inbox.topic).closing_summary(ROUND) is True
    assert summarising(closed, inbox.topic).closing_summary(ROUND) is False
    (message,) = inbox.read()
    assert len(message["Subject"]) < 100
    assert "1\u00a0700\u00a0000" in message["Message"]
    certificate = closed.table.get(keys.certificate_key(ROUND)) or {}
    assert certificate["root"] in message["Message"].replace("\n", "")


def test_there_is_no_closing_summary_of_an_open_round(world: World, inbox: Inbox) -> None:
    with pytest.raises(ProblemsError):
        summarising(world, inbox.topic).closing_summary(ROUND)
    assert inbox.read() == []


def test_the_digest_goes_out_once_a_day_and_only_with_news(world: World, inbox: Inbox) -> None:
    assert summarising(world, inbox.topic).digests() == []
    world.submit(world.start().application.id)
    world.now += timedelta(hours=1)
    assert summarising(world, inbox.topic).digests() == [ROUND]
    assert summarising(world, inbox.topic).digests() == []
    world.now += timedelta(days=1)
    assert summarising(world, inbox.topic).digests() == []
    assert len(inbox.read()) == 1


def test_an_upload_without_an_outcome_is_named_in_the_digest_when_it_is_old_enough(world: World, inbox: Inbox) -> None:
    application = world.start().application.id
    world.upload(application)
    world.now += timedelta(minutes=10)
    assert summarising(world, inbox.topic).digests() == []
    world.now += timedelta(minutes=6)
    assert summarising(world, inbox.topic).digests() == [ROUND]
    (message,) = inbox.read()
    assert message["Subject"].startswith("1 saknas")
    assert f"- {spaced(application)}\n" in message["Message"]


def test_an_upload_that_somebody_deleted_is_named_at_once_also_on_a_day_off(world: World, inbox: Inbox) -> None:
    gone, kept = (world.submit(world.start().application.id).submission for _ in range(2))
    world.now = parse_iso("2019-10-05T05:00:00Z")  # a Saturday
    assert summarising(world, inbox.topic).digests() == []
    document = keys.document_object(ROUND, gone.application, gone.submission)
    boto3.client("s3").delete_object(Bucket="uploads", Key=document, VersionId=gone.version_id)
    assert summarising(world, inbox.topic).digests() == [ROUND]
    (message,) = inbox.read()
    assert message["Subject"].startswith("1 borttagen")
    assert f"- {spaced(gone.application)}\n" in message["Message"]
    assert spaced(kept.application) not in message["Message"].split("Läget i omgången")[0]
    assert "Inget saknas" not in message["Subject"] + message["Message"]


def test_a_round_whose_digest_fails_does_not_keep_the_others_from_theirs(world: World, inbox: Inbox) -> None:
    world.create_round(id="2019-a-broken")
    world.table.write(Update(keys.round_key("2019-a-broken"), set={"programme": "no-such-programme"}))
    world.submit(world.start().application.id)
    world.now += timedelta(hours=1)
    with pytest.raises(ExceptionGroup) as error:
        summarising(world, inbox.topic).digests()
    assert [type(one) for one in error.value.exceptions] == [UnknownProgrammeError]
    assert len(inbox.read()) == 1


def test_whoever_withdraws_between_the_certificate_and_its_summary_sets_off_no_warning(
    closed: World, inbox: Inbox
) -> None:
    (application, *_) = read_applications(closed.table, ROUND)
    exceptions = Exceptions(closed.table, "", closed.clock, closed.random, mails=True)
    exceptions.withdraw(ROUND, spaced(application.id), Withdrawal(reason="brev"), "anna")
    summarising(closed, inbox.topic).closing_summary(ROUND)
    told = " ".join(inbox.read()[0]["Message"].split())
    assert "OBS!" not in told
    assert "Efter intyget har 1 ansökan kommit till, ändrats eller återkallats." in told


def test_on_a_day_off_staff_hear_of_what_is_wrong_and_of_the_rest_on_monday(world: World, inbox: Inbox) -> None:
    application = world.start().application.id
    world.submit(application)
    world.now = parse_iso("2019-10-05T05:00:00Z")  # a Saturday
    assert summarising(world, inbox.topic).digests() == []
    world.upload(world.start().application.id)
    world.now += timedelta(days=1)
    assert summarising(world, inbox.topic).digests() == [ROUND]
    world.now += timedelta(days=1)
    assert summarising(world, inbox.topic).digests() == [ROUND]
    first, second = (message["Subject"] for message in inbox.read())
    assert (first.startswith("1 saknas"), second.startswith("1 saknas")) == (True, True)


def test_staff_are_reminded_a_week_and_a_day_before_the_end_where_there_is_no_other_news_too(
    world: World, inbox: Inbox
) -> None:
    mornings = [parse_iso(f"2019-10-{day:02}T05:00:00Z") for day in range(6, 16)]
    sent = []
    for morning in mornings:
        world.now = morning
        sent += [morning.day] * len(summarising(world, inbox.topic).digests())
    assert sent == [9, 15]
    assert [message["Subject"].partition(":")[0] for message in inbox.read()] == [
        "Inget saknas, 6 dagar kvar",
        "Inget saknas, 17 timmar kvar",
    ]


def subscribed(inbox: Inbox, *addresses: str) -> list[str]:
    """Their subscriptions, which moto takes for confirmed at once."""
    sns, arn = boto3.client("sns"), inbox.topic._arn
    return [sns.subscribe(TopicArn=arn, Protocol="email", Endpoint=one)["SubscriptionArn"] for one in addresses]


def test_who_vanished_from_the_readers_is_news_once_and_named_for_a_week(world: World, inbox: Inbox) -> None:
    anna, _ = subscribed(inbox, "anna@funder.example", "bertil@funder.example")
    assert summarising(world, inbox.topic).digests() == []
    world.now += timedelta(days=1)
    boto3.client("sns").unsubscribe(SubscriptionArn=anna)
    assert summarising(world, inbox.topic).digests() == [ROUND]
    (message,) = inbox.read()
    assert "- anna@funder.example, fanns senast den 1 oktober 2019" in message["Message"].replace("\u00a0", " ")
    assert "bertil@" not in message["Message"]
    world.now += timedelta(days=1)
    assert summarising(world, inbox.topic).digests() == []
    world.submit(world.start().application.id)
    world.now += timedelta(days=1)
    summarising(world, inbox.topic).digests()
    assert "anna@funder.example" in inbox.read()[0]["Message"]
    world.submit(world.start().application.id)
    world.now += timedelta(days=7)
    summarising(world, inbox.topic).digests()
    assert "anna@funder.example" not in inbox.read()[0]["Message"]


def test_a_topic_that_cannot_be_looked_at_holds_no_digest_back_and_is_told(world: World, inbox: Inbox) -> None:
    class Closed(Topic):
        def __init__(self) -> None:
            pass

        def subscribers(self) -> dict[str, bool]:
            raise ClientError({"Error": {"Code": "AuthorizationError", "Message": "no"}}, "ListSubscriptionsByTopic")

        def publish_text(self, subject: str, text: str, *, effect: str) -> str:
            return inbox.topic.publish_text(subject, text, effect=effect)

    world.submit(world.start().application.id)
    world.now += timedelta(hours=1)
    with pytest.raises(ExceptionGroup) as error:
        summarising(world, Closed()).digests()
    assert [type(one) for one in error.value.exceptions] == [ClientError]
    assert len(inbox.read()) == 1


def test_dead_letters_are_news(world: World, inbox: Inbox) -> None:
    world.failed_uploads.send({"detail": 1})
    assert summarising(world, inbox.topic).digests() == [ROUND]
    (message,) = inbox.read()
    assert "1 i felkö" in message["Message"]


def test_a_summary_that_failed_to_go_out_is_tried_again(closed: World, inbox: Inbox) -> None:
    class Down(Topic):
        def __init__(self, fault: type[BaseException]) -> None:
            self.fault = fault

        def publish_text(self, subject: str, text: str, *, effect: str) -> str:  # noqa: ARG002
            raise self.fault

    with pytest.raises(TimeoutError):
        summarising(closed, Down(TimeoutError)).closing_summary(ROUND)
    with pytest.raises(Killed):
        summarising(closed, Down(Killed)).closing_summary(ROUND)
    with pytest.raises(BusyError):
        summarising(closed, inbox.topic).closing_summary(ROUND)
    closed.now += LEASE + timedelta(seconds=1)
    assert summarising(closed, inbox.topic).closing_summary(ROUND) is True


def test_a_summary_that_may_have_gone_out_is_repeated_as_it_was(closed: World, inbox: Inbox) -> None:
    """Whatever changed meanwhile: here somebody wrote to staff that they withdraw."""

    class DiesAfterwards(Topic):
        def publish_text(self, subject: str, text: str, *, effect: str) -> str:
            inbox.topic.publish_text(subject, text, effect=effect)
            raise Killed

    with pytest.raises(Killed):
        summarising(closed, DiesAfterwards(boto3.client("sns"), "-")).closing_summary(ROUND)
    (application, *_) = read_applications(closed.table, ROUND)
    exceptions = Exceptions(closed.table, "", closed.clock, closed.random, mails=True)
    exceptions.withdraw(ROUND, spaced(application.id), Withdrawal(reason="brev"), "anna")
    closed.now += LEASE + timedelta(seconds=1)
    summarising(closed, inbox.topic).closing_summary(ROUND)
    first, second = inbox.read()
    assert (first["Subject"], first["Message"]) == (second["Subject"], second["Message"])
