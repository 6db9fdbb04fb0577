"""Everything that goes out with an announcement, as a folder to read before it does: the message as subscribers get it,
the document for machines, the pages and data. Each says that it is a preview, until it is none.

Something more that goes out has its place in `_PARTS`: a function of the preview that gives files.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any

from infrastructure.page_folder import save
from shared.results import addresses
from shared.results.everything import all_files
from shared.results.publication import LANGUAGES, Announcement, Publication

Json = Mapping[str, Any]
INDEX = "index.html"
_MARK = "FÖRHANDSVISNING, INTE PUBLICERAT – PREVIEW, NOT PUBLISHED"
_LINE = "=" * 76


def write(answer: Json, folder: Path) -> Path:
    """Write what the API's preview tells of, and a page that leads to all of it. Returns that page. Raises OSError.

    Lists of all rounds have this one alone: the API tells of no other.
    """
    is_preview = not answer["published_at"]
    earlier = [Announcement.of(one["document"], one["texts"]) for one in answer["earlier"]]
    publication = Publication.of([*earlier, Announcement.of(answer["document"], answer["texts"])])
    save(all_files([publication], "", is_preview=is_preview), folder)
    links = []
    for part in _PARTS:
        for name, title, text in part(answer):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8", newline="")
            links.append((name, title))
    for language, title in zip(LANGUAGES, ("Resultatsidan på svenska", "The result page in English"), strict=True):
        links.append((f"{addresses.round_page(language, publication.round_id)}.html", title))
    (folder / INDEX).write_text(_index(publication, links, is_preview=is_preview), encoding="utf-8")
    return folder / INDEX


def _message(answer: Json) -> Iterator[tuple[str, str, str]]:
    """The e-mail that subscribers get, and its text in each language."""
    subject = f"Ämne/Subject: {answer['texts']['sv']['subject']}\n\n"
    yield (
        "message/email.txt",
        "E-post till prenumeranter / E-mail to subscribers",
        _marked(answer, subject + answer["email"]),
    )
    for language, title in zip(LANGUAGES, ("Texten på svenska", "The text in English"), strict=True):
        text = answer["texts"][language]
        yield f"message/{language}.txt", title, _marked(answer, f"{text['subject']}\n\n{text['body']}")


def _document(answer: Json) -> Iterator[tuple[str, str, str]]:
    """What systems get, and what they may filter on. A preview of it is no announcement to any program."""
    sent = {"announcement": answer["document"], "attributes": answer["attributes"]}
    told = sent if answer["published_at"] else {"preview": _MARK, **sent}
    title = "Dokumentet till andra system / The document for other systems"
    yield "message/document.json", title, json.dumps(told, ensure_ascii=False, indent=1) + "\n"


_PARTS: tuple[Callable[[Json], Iterator[tuple[str, str, str]]], ...] = (_message, _document)


def _marked(answer: Json, text: str) -> str:
    return text if answer["published_at"] else f"{_LINE}\n{_MARK}\n{_LINE}\n\n{text}\n{_LINE}\n{_MARK}\n{_LINE}\n"


def _index(publication: Publication, links: list[tuple[str, str]], *, is_preview: bool) -> str:
    heading = escape(publication.current.subjects["sv"])
    mark = f'<p style="background:#b00020;color:#fff;padding:1rem;font-weight:bold">{_MARK}</p>\n' if is_preview else ""
    items = "\n".join(f'<li><a href="{escape(name)}">{escape(title)}</a></li>' for name, title in links)
    return (
        f'<!doctype html>\n<html lang="sv">\n<meta charset="utf-8">\n<meta name="robots" content="noindex">\n'
        f"<title>{'FÖRHANDSVISNING: ' if is_preview else ''}{heading}</title>\n"
        f'<link rel="stylesheet" href="style.css">\n<body>\n{mark}<main>\n<h1>{heading}</h1>\n'
        f"<p>Allt som går ut / All that goes out: {publication.round_id}, nr {publication.current.number}</p>\n"
        f"<ul>\n{items}\n</ul>\n</main>\n</body>\n</html>\n"
    )
