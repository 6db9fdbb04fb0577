"""The narrow ways to SNS, SES, SQS and other functions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shared.letters import in_two_forms

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_sesv2 import SESV2Client
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sns.type_defs import MessageAttributeValueTypeDef
    from mypy_boto3_sqs import SQSClient

MOST_SUBJECT = 99
"""SNS takes subjects of less than 100 characters, on one line."""


def subject_line(text: str) -> str:
    """The text as SNS takes it for a subject: printable, on one line, cut where it would be too long."""
    line = " ".join("".join(character if character.isprintable() else " " for character in text).split())
    return line if len(line) <= MOST_SUBJECT else line[: MOST_SUBJECT - 1] + "…"


def _attributes(told: Mapping[str, str | list[str]]) -> dict[str, MessageAttributeValueTypeDef]:
    return {
        name: {"DataType": "String", "StringValue": value}
        if isinstance(value, str)
        else {"DataType": "String.Array", "StringValue": json.dumps(value, ensure_ascii=False)}
        for name, value in told.items()
        if value
    }


class Topic:
    """One SNS topic."""

    def __init__(self, client: SNSClient, arn: str) -> None:
        self._client = client
        self._arn = arn

    def publish_text(self, subject: str, text: str, *, effect: str) -> str:
        """A message for people. Returns SNS's message id. `effect` goes along as an attribute: the same message, sent
        again because nobody knows whether it went out, has the same."""
        answer = self._client.publish(
            TopicArn=self._arn,
            Subject=subject_line(subject),
            Message=text,
            MessageAttributes=_attributes({"effect": effect}),
        )
        return answer["MessageId"]

    def publish_both(
        self,
        subject: str,
        text: str,
        document: Mapping[str, Any],
        attributes: Mapping[str, str | list[str]],
        *,
        effect: str,
    ) -> str:
        """One message in two forms: text for e-mail, a JSON document for every other protocol.

        `attributes` is what subscribers filter on; a list matches where any of its members does. `effect` as above.
        """
        message = in_two_forms(text, document)
        answer = self._client.publish(
            TopicArn=self._arn,
            Subject=subject_line(subject),
            Message=message,
            MessageStructure="json",
            MessageAttributes=_attributes({**attributes, "effect": effect}),
        )
        return answer["MessageId"]

    def subscribers(self) -> dict[str, bool]:
        """The e-mail addresses that subscribe, and whether each has been confirmed."""
        found: dict[str, bool] = {}
        request: dict[str, str] = {"TopicArn": self._arn}
        while True:
            answer = self._client.list_subscriptions_by_topic(**request)
            for one in answer["Subscriptions"]:
                if one["Protocol"] == "email":
                    found[one["Endpoint"]] = one["SubscriptionArn"].startswith("arn:")
            if not answer.get("NextToken"):
                return found
            request["NextToken"] = answer["NextToken"]


class Mailer:
    """E-mail through SES from one sender."""

    def __init__(self, client: SESV2Client, sender: str) -> None:
        self._client = client
        self._sender = sender

    def send(self, to: str, subject: str, text: str, *, effect: str) -> str:
        """A plain-text message. `effect` goes along as a header: a repeat is recognised by it."""
        answer = self._client.send_email(
            FromEmailAddress=self._sender,
            Destination={"ToAddresses": [to]},
            Content={
                "Simple": {
                    "Subject": {"Data": subject_line(subject), "Charset": "UTF-8"},
                    "Body": {"Text": {"Data": text, "Charset": "UTF-8"}},
                    "Headers": [{"Name": "X-Anslag-Effect", "Value": effect}],
                }
            },
        )
        return answer["MessageId"]


@dataclass(frozen=True, slots=True)
class Letter:
    """A message of a queue. `receipt` is good for deleting it until it becomes visible again."""

    id: str
    body: str
    receipt: str
    sent_at: int
    """Seconds since 1970."""
    attributes: Mapping[str, str]


class Queue:
    """One SQS queue. `wait_seconds` is how long to look for messages where there seem to be none: SQS asks some of
    its servers only where nobody waits, and may say that there is nothing."""

    def __init__(self, client: SQSClient, url: str, wait_seconds: int = 1) -> None:
        self._client = client
        self.url = url
        self._wait_seconds = wait_seconds

    @property
    def name(self) -> str:
        """The last part of its address."""
        return self.url.rpartition("/")[2]

    def count(self) -> int:
        """About how many messages wait in it."""
        answer = self._client.get_queue_attributes(QueueUrl=self.url, AttributeNames=["ApproximateNumberOfMessages"])
        return int(answer["Attributes"]["ApproximateNumberOfMessages"])

    def send(self, body: Mapping[str, Any]) -> None:
        """One message, as JSON."""
        self._client.send_message(QueueUrl=self.url, MessageBody=json.dumps(body))

    def send_text(self, body: str) -> None:
        """One message, as it stands."""
        self._client.send_message(QueueUrl=self.url, MessageBody=body)

    def receive(self, *, hidden_seconds: int) -> list[Letter]:
        """Up to ten messages, hidden from other receivers for so long."""
        answer = self._client.receive_message(
            QueueUrl=self.url,
            MaxNumberOfMessages=10,
            VisibilityTimeout=hidden_seconds,
            WaitTimeSeconds=self._wait_seconds,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        return [
            Letter(
                message["MessageId"],
                message["Body"],
                message["ReceiptHandle"],
                int(message["Attributes"]["SentTimestamp"]) // 1000,
                {name: value.get("StringValue", "") for name, value in message.get("MessageAttributes", {}).items()},
            )
            for message in answer.get("Messages", [])
        ]

    def show_again(self, letter: Letter) -> None:
        """Make a received message visible at once."""
        self._client.change_message_visibility(QueueUrl=self.url, ReceiptHandle=letter.receipt, VisibilityTimeout=0)

    def delete(self, letter: Letter) -> None:
        """Remove a received message for good."""
        self._client.delete_message(QueueUrl=self.url, ReceiptHandle=letter.receipt)


class Functions:
    """Other functions, started without waiting for them."""

    def __init__(self, client: LambdaClient) -> None:
        self._client = client

    def start(self, name: str, event: Mapping[str, Any]) -> None:
        """Lambda keeps the event, retries twice, and then puts it into the dead-letter queue."""
        self._client.invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps(event).encode())
