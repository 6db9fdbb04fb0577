"""The announcement's text, taken apart for a page: its headline, and the paragraphs above its list."""

from __future__ import annotations

from shared.results.publication import Announcement, Publication
from shared.wording import either


def headline(publication: Publication, announcement: Announcement, language: str) -> str:
    """The subject without the programme's name, which stands above it on the page."""
    name = publication.programme.name.in_language(language)
    subject, word = announcement.subjects[language], either(language, "Rättelse", "Correction")
    for before in (f"{word}, {name}: ", f"{word}: ", f"{name}: "):
        if subject.startswith(before):
            return subject.removeprefix(before)
    return subject


def paragraphs(publication: Publication, announcement: Announcement, language: str) -> list[str]:
    """What the text says between its headline and its first list, each paragraph on one line."""
    name = publication.programme.name.in_language(language)
    ends = either(language, "Beviljade bidrag", "Grants awarded"), either(language, f"Om {name}", f"About {name}")
    found = []
    for block in announcement.texts[language].strip().split("\n\n")[1:]:
        if block.split("\n")[0].startswith(ends):
            break
        found.append(" ".join(block.split("\n")))
    return found
