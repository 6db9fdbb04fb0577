"""Messages that were sent, and the file that keeps them: one line of JSON each, in the order of arrival."""

import fcntl
import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal


@dataclass(frozen=True)
class Mail:
    """One message. `to` are addresses; for SNS, of those e-mail subscribers whose filter lets it through."""

    id: str
    channel: Literal["sns", "ses"]
    to: tuple[str, ...]
    topic: str | None
    subject: str
    body: str
    """For SNS, the text that goes out by e-mail; `document` is what it delivers to machines."""
    document: str | None
    attributes: dict[str, str]
    at: datetime


def post(file: Path, mail: Mail) -> None:
    """Adds a message to the file."""
    with file.open("a", encoding="utf-8") as lines:
        fcntl.flock(lines, fcntl.LOCK_EX)
        lines.write(json.dumps(asdict(mail) | {"at": mail.at.isoformat()}, ensure_ascii=False) + "\n")


def read(file: Path) -> list[Mail]:
    """All messages of the file, oldest first; none when there is no file yet."""
    if not file.exists():
        return []
    with file.open(encoding="utf-8") as lines:
        fcntl.flock(lines, fcntl.LOCK_SH)
        return sorted((_mail(json.loads(line)) for line in lines), key=lambda mail: mail.at)


def _mail(entry: dict[str, Any]) -> Mail:
    return Mail(**entry | {"to": tuple(entry["to"]), "at": datetime.fromisoformat(entry["at"]).astimezone(UTC)})
