"""Announcements as an Atom feed, one in each language: an entry for each announcement, corrections included."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from xml.etree import ElementTree as ET

from shared.instants import iso, whole_second
from shared.results import addresses
from shared.results.identifiers import announcement_id
from shared.results.publication import Announcement, Publication, newest_first
from shared.wording import either

_NAMESPACE = "http://www.w3.org/2005/Atom"


def atom(publications: Iterable[Publication], language: str, address: str) -> str:
    """The newest first. Raises ValueError without any announcement: a feed has to say when it was updated."""
    entries = sorted(
        ((one, publication) for publication in newest_first(publications) for one in publication.announcements),
        key=lambda entry: (entry[0].announced_at, entry[1].round_id, entry[0].number),
        reverse=True,
    )
    if not entries:
        raise ValueError("nothing was announced")
    own = f"{address}/{addresses.feed(language)}"
    root = ET.Element("feed", {"xmlns": _NAMESPACE, "xml:lang": language})
    _text(root, "id", f"urn:anslag:announcements:{language}")
    _text(root, "title", either(language, "Beviljade bidrag", "Grants awarded"))
    _text(root, "updated", _stamp(entries[0][0].announced_at))
    ET.SubElement(root, "link", {"rel": "self", "type": "application/atom+xml", "href": own})
    page = f"{address}/{addresses.results(language)}"
    ET.SubElement(root, "link", {"rel": "alternate", "type": "text/html", "href": page})
    for announcement, publication in entries:
        _entry(root, announcement, publication, language, address)
    ET.indent(root, " ")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _entry(root: ET.Element, announcement: Announcement, publication: Publication, language: str, address: str) -> None:
    entry = ET.SubElement(root, "entry")
    _text(entry, "id", announcement_id(publication.round_id, announcement.number))
    _text(entry, "title", announcement.subjects[language])
    _text(entry, "updated", _stamp(announcement.announced_at))
    _text(ET.SubElement(entry, "author"), "name", publication.programme.funder.in_language(language))
    page = f"{address}/{addresses.round_page(language, publication.round_id)}"
    ET.SubElement(entry, "link", {"rel": "alternate", "type": "text/html", "href": page})
    _text(entry, "content", announcement.texts[language], type="text")


def _text(parent: ET.Element, tag: str, text: str, **attributes: str) -> None:
    ET.SubElement(parent, tag, attributes).text = text


def _stamp(instant: datetime) -> str:
    return iso(whole_second(instant))
