"""An announcement as the table stores it, and as staff are shown it."""

from __future__ import annotations

from typing import Any

from functions.announce.announcement import Announcement
from shared.aws.table import Item
from shared.instants import iso
from shared.rounds import Embargo


def as_item(announcement: Announcement) -> Item:
    """What the table stores of it before anybody claims it, keys apart."""
    return {
        "number": announcement.number,
        "digest": announcement.digest,
        "texts": {
            language: {"subject": letter.subject, "body": letter.text}
            for language, letter in announcement.texts.items()
        },
        "email": announcement.email,
        "document": announcement.document,
        "attributes": announcement.attributes,
    }


def shown(item: Item, embargo: Embargo | None = None) -> dict[str, Any]:
    """What staff are answered of one that is stored, with the instant at which it is to go out."""
    return {
        "number": item["number"],
        "digest": item["digest"],
        "texts": item["texts"],
        "email": item["email"],
        "document": item["document"],
        "attributes": item["attributes"],
        "published_at": item.get("published_at"),
        "message_id": item.get("message_id"),
        "to_approve": None,
        "publish_at": iso(embargo.at) if embargo else None,
        "held_back": embargo is not None and embargo.held_back,
    }
