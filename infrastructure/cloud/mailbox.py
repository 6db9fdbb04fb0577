"""What the embedded cloud sent: through SNS to staff and subscribers, through SES to applicants.

SNS messages are written down as they are published (`engine`). SES messages stay in MiniStack's memory until
they are fetched here, into the same file: reading again shows them again, and stopping the cloud fetches them.
"""

import json
import urllib.request
from datetime import UTC, datetime
from typing import Any

from infrastructure.cloud.letters import Mail, post, read
from infrastructure.cloud.running import Cloud


def mailbox(cloud: Cloud) -> list[Mail]:
    """Every message since the embedded cloud began to keep them, oldest first."""
    fetch_mail(cloud)
    return read(cloud.mail)


def fetch_mail(cloud: Cloud) -> None:
    """Takes over what SES sent."""
    with urllib.request.urlopen(f"{cloud.endpoint}/_ministack/ses/messages", timeout=10) as answer:  # noqa: S310
        accounts: dict[str, list[dict[str, Any]]] = json.load(answer)["messages"]
    post(cloud.mail, (_from_ses(message) for messages in accounts.values() for message in messages))


def _from_ses(message: dict[str, Any]) -> Mail:
    return Mail(
        id=message["MessageId"],
        channel="ses",
        to=tuple(message["To"]),
        topic=None,
        subject=message["Subject"],
        body=message["BodyText"] or message["BodyHtml"] or "",
        document=None,
        attributes={"from": message["Source"]},
        at=datetime.fromtimestamp(message["Timestamp"], UTC),
    )
