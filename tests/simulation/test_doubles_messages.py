"""The contract of queue, topic, sender, signing key and public files. See `test_doubles` for what differs where."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from shared.aws.failures import reason_of
from shared.aws.messages import Letter, Queue
from tests.simulation.doubles.messages import MemoryFunctions
from tests.simulation.services import Services
from tests.simulation.test_doubles import DIFFERENCES, differs


@pytest.fixture
def aws(aws_of_a_kind: Services) -> Services:
    return aws_of_a_kind


@pytest.fixture
def queue(aws: Services) -> Queue:
    while found := aws.queue.receive(hidden_seconds=30):
        for letter in found:
            aws.queue.delete(letter)
    return aws.queue


def bodies(letters: list[Letter]) -> list[str]:
    return sorted(letter.body for letter in letters)


def test_a_message_is_hidden_while_somebody_has_it_and_gone_when_deleted(queue: Queue) -> None:
    queue.send({"number": 1})
    queue.send_text("as it stands")
    assert queue.count() == 2
    letters = queue.receive(hidden_seconds=60)
    assert bodies(letters) == ["as it stands", '{"number": 1}']
    assert (queue.receive(hidden_seconds=60), queue.count()) == ([], 0)
    for letter in letters:
        queue.show_again(letter)
    again = queue.receive(hidden_seconds=60)
    assert bodies(again) == bodies(letters)
    assert {letter.id for letter in again} == {letter.id for letter in letters}
    for letter in again:
        queue.delete(letter)
    assert queue.receive(hidden_seconds=0) == []


def test_no_more_than_ten_come_at_once(queue: Queue) -> None:
    for number in range(12):
        queue.send({"number": number})
    assert sorted((len(queue.receive(hidden_seconds=60)), len(queue.receive(hidden_seconds=60)))) == [2, 10]


def test_a_receipt_is_good_until_the_message_is_received_again(queue: Queue) -> None:
    queue.send({"number": 1})
    (first,) = queue.receive(hidden_seconds=0)
    (second,) = queue.receive(hidden_seconds=60)
    assert (first.id, first.receipt != second.receipt) == (second.id, True)
    queue.delete(second)
    assert queue.count() == 0


def test_a_message_for_people_is_text_with_a_short_subject(aws: Services) -> None:
    aws.published()
    assert aws.topic.publish_text("Stängd\nomgång " + "å" * 200, "Inget saknas.", effect="2019 digest")
    (message,) = aws.published()[-1:]
    assert (message["Message"], message["Attributes"]) == ("Inget saknas.", {"effect": "2019 digest"})
    assert message["Subject"].startswith("Stängd omgång å")
    assert len(message["Subject"]) == 99


def test_a_message_in_two_forms_has_the_document_for_machines_and_what_to_filter_on(aws: Services) -> None:
    aws.published()
    document = {"number": 1, "totals": {"amount": 10_641_000}, "name": "Älmhult"}
    filtered: dict[str, str | list[str]] = {"round": "2019", "kinds": ["a"], "none": []}
    assert aws.topic.publish_both("Elva får bidrag", "text", document, filtered, effect="2019 announcement")
    (message,) = aws.published()[-1:]
    assert json.loads(message["Message"]) == document
    assert message["Attributes"] == {"round": "2019", "kinds": ["a"], "effect": "2019 announcement"}


def test_an_empty_message_is_refused(aws: Services) -> None:
    if differs(aws, "SNS refuses an empty message"):
        pytest.skip(DIFFERENCES[aws.kind, "SNS refuses an empty message"])
    with pytest.raises(ClientError):
        aws.topic.publish_text("subject", "", effect="2019 digest")


def test_mail_is_taken_and_answers_with_an_id(aws: Services) -> None:
    first = aws.mailer.send("asa@pitea.example", "Mottagen", "Hej", effect="receipt-1")
    second = aws.mailer.send("asa@pitea.example", "Mottagen", "Hej", effect="receipt-1")
    assert first
    assert first != second


def test_mail_to_letters_outside_ascii_is_refused(aws: Services) -> None:
    what = "SES refuses letters outside ASCII before the @"
    if differs(aws, what):
        pytest.skip(DIFFERENCES[aws.kind, what])
    with pytest.raises(ClientError):
        aws.mailer.send("åsa@pitea.example", "Mottagen", "Hej", effect="receipt-1")


def test_a_letter_that_ses_rejects_is_refused_by_that_name(aws: Services) -> None:
    """Acknowledge goes by it: such a letter keeps no other waiting."""
    with pytest.raises(ClientError) as refused:
        aws.stranger.send("asa@pitea.example", "Mottagen", "Hej", effect="receipt-1")
    assert reason_of(refused.value) == "MessageRejected at SendEmail"
    answer = refused.value.response["ResponseMetadata"]
    assert (answer["HTTPStatusCode"], answer["RetryAttempts"]) == (400, 0)


def test_a_signature_is_of_its_message_and_by_the_published_key(aws: Services) -> None:
    key = load_der_public_key(aws.signer.public_key())
    assert isinstance(key, ec.EllipticCurvePublicKey)
    signature = aws.signer.sign(b"what is stated")
    key.verify(signature, b"what is stated", ec.ECDSA(SHA256()))
    with pytest.raises(InvalidSignature):
        key.verify(signature, b"something else", ec.ECDSA(SHA256()))


def test_more_than_4096_bytes_are_not_signed(aws: Services) -> None:
    what = "KMS signs at most 4,096 bytes"
    if differs(aws, what):
        pytest.skip(DIFFERENCES[aws.kind, what])
    with pytest.raises(ClientError):
        aws.signer.sign(bytes(4097))


def test_a_function_is_started_with_a_copy_of_its_event() -> None:
    """The double alone: moto runs functions in containers, and the embedded cloud's own tests start real ones."""
    started = []
    functions = MemoryFunctions(lambda name, event: started.append((name, event)))
    event = {"summary": "closing", "rounds": ["a"]}
    functions.start("summarise", event)
    event["rounds"] = []
    assert started == [("summarise", {"summary": "closing", "rounds": ["a"]})]


def test_a_public_file_is_whole_and_the_last_that_was_put_there(aws: Services) -> None:
    assert aws.readable("sv/results") is None
    for text in ("<p>Älmhult", "<p>Öckerö", "<p>Öckerö"):
        aws.public.publish_file("sv/results", "text/html", text)
    aws.public.publish_file("data/one/iati.xml", "application/xml", "<a/>")
    assert aws.readable("sv/results") == ("text/html", "<p>Öckerö")
    assert aws.readable("data/one/iati.xml") == ("application/xml", "<a/>")


def test_a_topic_tells_which_addresses_subscribe_and_nothing_of_its_queues(aws: Services) -> None:
    assert aws.topic.subscribers() == {}
    aws.subscribe("anna@funder.example")
    # Whether it is confirmed is not compared: emulators do not wait for anybody to confirm.
    assert set(aws.topic.subscribers()) == {"anna@funder.example"}
