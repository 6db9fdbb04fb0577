"""Everything that goes out with an announcement, as a folder to read before it does: the message as subscribers get it,
the document for machines, the letters to applicants, the pages and data. Each says that it is a preview, until it is
none.

Something more that goes out has its place in `_PARTS`: a function of the preview that gives files.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import Any

from infrastructure import page_folder
from infrastructure.operator import preview_marks
from infrastructure.operator.preview_marks import MARK
from shared.results import addresses
from shared.results.everything import all_files
from shared.results.publication import LANGUAGES, Announcement, Publication
from shared.wording import either

Json = Mapping[str, Any]
INDEX = "index.html"
_LETTERS = "letters"
_WRITTEN = ".anslag-preview"
"""Names the files that the last run wrote."""
_DECISIONS = {"award": "bifall / award", "decline": "avslag / decline"}
_TOLD_IN = {"sv": "svenska", "en": "English"}
_COLUMNS = ("Brev / Letter", "Sökande / Applicant", "Beslut / Decision", "Rättar / Corrects", "Språk / Language")


class NotOursError(Exception):
    """The folder has something, and was not made by this: it might be somebody's own."""


@dataclass(frozen=True, slots=True)
class Part:
    """A file of the folder. Without a title the index leaves it out: another page leads to it."""

    name: str
    text: str
    title: str = ""


def write(answer: Json, letters: Json, folder: Path) -> Path:
    """Write what the API's preview tells of, with all the letters that go with it, and a page that leads to all of it,
    in place of what an earlier run wrote there. Returns that page. Raises OSError, and NotOursError for a folder that
    has something and was not made by this.

    Lists of all rounds have this one alone: the API tells of no other.
    """
    is_preview = not answer["published_at"]
    others = _emptied(folder)
    earlier = [Announcement.of(one["document"], one["texts"]) for one in answer["earlier"]]
    publication = Publication.of([*earlier, Announcement.of(answer["document"], answer["texts"])])
    files = all_files([publication], "", is_preview=is_preview)
    if is_preview:
        marked = (replace(file, text=preview_marks.text(file)) for file in files)
        page_folder.save(marked, folder, named=preview_marks.name)
    else:
        page_folder.save(files, folder)
    links = []
    for parts in _PARTS:
        for part in parts({**answer, **letters}):
            (folder / part.name).parent.mkdir(parents=True, exist_ok=True)
            (folder / part.name).write_text(part.text, encoding="utf-8", newline="")
            links += [(part.name, part.title)] if part.title else []
    for language, title in zip(LANGUAGES, ("Resultatsidan på svenska", "The result page in English"), strict=True):
        links.append((f"{addresses.round_page(language, publication.round_id)}.html", title))
    (folder / INDEX).write_text(_index(publication, links, is_preview=is_preview), encoding="utf-8")
    (folder / _WRITTEN).write_text("\n".join(sorted(_files(folder) - others)), encoding="utf-8")
    return folder / INDEX


def _emptied(folder: Path) -> set[str]:
    """Take away what an earlier run wrote: a page or a letter of it may not go out any more. Returns what else is
    there, which is somebody's own."""
    written = folder / _WRITTEN
    if not written.is_file():
        if folder.exists() and any(folder.iterdir()):
            raise NotOursError(folder)
        folder.mkdir(parents=True, exist_ok=True)
        written.touch()
    for name in set(written.read_text(encoding="utf-8").splitlines()) & _files(folder):
        (folder / name).unlink()
    return _files(folder)


def _files(folder: Path) -> set[str]:
    return {one.relative_to(folder).as_posix() for one in folder.rglob("*") if one.is_file() and one.name != _WRITTEN}


def _message(answer: Json) -> Iterator[Part]:
    """The e-mail that subscribers get, and its text in each language."""
    first = answer["attributes"]["languages"][0]
    subject = f"Ämne/Subject: {answer['texts'][first]['subject']}\n\n"
    yield Part(
        "message/email.txt",
        _marked(answer, subject + answer["email"]),
        "E-post till prenumeranter / E-mail to subscribers",
    )
    for language, title in zip(LANGUAGES, ("Texten på svenska", "The text in English"), strict=True):
        text = answer["texts"][language]
        yield Part(f"message/{language}.txt", _marked(answer, f"{text['subject']}\n\n{text['body']}"), title)


def _document(answer: Json) -> Iterator[Part]:
    """What systems get, and what they may filter on. A preview of it is no announcement to any program."""
    sent = {"announcement": answer["document"], "attributes": answer["attributes"]}
    told = sent if answer["published_at"] else {"preview": MARK, **sent}
    title = "Dokumentet till andra system / The document for other systems"
    yield Part("message/document.json", json.dumps(told, ensure_ascii=False, indent=1) + "\n", title)


def _letters(answer: Json) -> Iterator[Part]:
    """What each applicant is told, and a list of it."""
    letters = sorted(answer["letters"], key=lambda one: (one["decision"], one["reference"]))
    for one in letters:
        subject = f"{either(one['language'], 'Ämne', 'Subject')}: {one['subject']}\n\n"
        yield Part(f"{_LETTERS}/{one['reference']}.txt", _marked(answer, subject + one["text"]))
    title = f"Brev till sökande ({len(letters)}) / Letters to applicants ({len(letters)})"
    rows = "\n".join(
        f'<tr><td style="white-space:nowrap">'
        f'<a href="{escape(one["reference"])}.txt">{escape(one["reference"])}</a></td>'
        f"<td>{escape(one['applicant'])}</td><td>{_DECISIONS[one['decision']]}</td>"
        f"<td>{'ja / yes' if one['corrects'] else ''}</td><td>{_TOLD_IN[one['language']]}</td></tr>"
        for one in letters
    )
    heads = "".join(f'<th scope="col">{column}</th>' for column in _COLUMNS)
    table = f"<table>\n<tr>{heads}</tr>\n{rows}\n</table>" if rows else f"<p>{_why_none(answer)}</p>"
    back = f'<p style="margin-top:1rem"><a href="../{INDEX}">Allt som går ut / All that goes out</a></p>'
    content = f"<h1>{title}</h1>\n{table}\n{back}"
    page = _page(title, content, root="../", is_preview=not answer["published_at"])
    yield Part(f"{_LETTERS}/{INDEX}", page, title)


def _why_none(answer: Json) -> str:
    if answer["sent_to_applicants"]:
        return "Ingen sökande får något brev. / No applicant gets a letter."
    return (
        "Inga brev går ut: installationen har ingen avsändare (ReceiptSender)."
        " / No letters go out: the stack has no sender (ReceiptSender)."
    )


_PARTS: tuple[Callable[[Json], Iterator[Part]], ...] = (_message, _document, _letters)


def _marked(answer: Json, text: str) -> str:
    return text if answer["published_at"] else preview_marks.letter(text)


def _index(publication: Publication, links: list[tuple[str, str]], *, is_preview: bool) -> str:
    heading = escape(publication.current.subjects["sv"])
    items = "\n".join(f'<li><a href="{escape(name)}">{escape(title)}</a></li>' for name, title in links)
    content = (
        f"<h1>{heading}</h1>\n"
        f"<p>Allt som går ut / All that goes out: {publication.round_id}, nr {publication.current.number}</p>\n"
        f"<ul>\n{items}\n</ul>"
    )
    return _page(heading, content, is_preview=is_preview)


def _page(title: str, content: str, *, root: str = "", is_preview: bool) -> str:
    mark = (
        f'<div style="background:#b00020;color:#fff;padding:1rem;font-weight:bold">{MARK}</div>\n' if is_preview else ""
    )
    return (
        f'<!doctype html>\n<html lang="sv">\n<meta charset="utf-8">\n<meta name="robots" content="noindex">\n'
        f"<title>{'FÖRHANDSVISNING: ' if is_preview else ''}{title}</title>\n"
        f'<link rel="stylesheet" href="{root}style.css">\n<body>\n{mark}<main>\n{content}\n</main>\n</body>\n</html>\n'
    )
