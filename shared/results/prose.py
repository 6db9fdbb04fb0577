"""The announcement's text, taken apart for a page: its headline, and the paragraphs above its list."""

from __future__ import annotations

from dataclasses import dataclass

from shared.results.publication import Announcement, Award, Publication
from shared.wording import either, kronor


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
        if block.split("\n")[0] == corrections(language):
            continue  # a list, which the page has as one
        found.append(" ".join(block.split("\n")))
    return found


def corrections(language: str) -> str:
    """What stands above the list of what a correction changed."""
    return either(language, "Det här har rättats", "What has been corrected")


@dataclass(frozen=True, slots=True)
class Change:
    """An award that the correction in force changed, and how, in words."""

    award: Award
    what: str


def changes(publication: Publication, language: str) -> list[Change]:
    """What the announcement in force corrected; nothing where it is no correction."""
    known = {award.reference: award for one in publication.announcements for award in one.awards}
    told = publication.current.document.get("corrects", {}).get("changes", [])
    return [
        Change(known[one["reference"]], corrected(one["before"], one["after"], language))
        for one in told
        if one["reference"] in known
    ]


def corrected(before: int | None, after: int | None, language: str) -> str:
    """What became of an award, in whole kronor; None where there was none, or is none any more."""
    was, now = (kronor(amount or 0, language) for amount in (before, after))
    if before is None:
        return either(language, f"{now}, nytt bidrag", f"{now}, a new grant")
    if after is None:
        return either(language, f"bidraget på {was} tas tillbaka", f"the grant of {was} is taken back")
    return either(language, f"{now} i stället för {was}", f"{now} instead of {was}")
