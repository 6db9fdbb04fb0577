"""A folder of pages opens in a browser without a server."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from lxml import html

from infrastructure.page_folder import save
from shared.results.everything import all_files
from tests.builders.publications import published
from tests.builders.texts import december_2019

APPLICANTS = {f"/{language}/{page}" for language in ("sv", "en") for page in ("", "accessibility")}


def test_every_link_of_a_page_leads_to_a_file_of_the_folder(tmp_path: Path) -> None:
    web = tmp_path / "web"
    web.mkdir()
    for name in ("style.css", "results.css", "results.js", "icon.svg"):
        (web / name).write_text(name)
    folder = tmp_path / "folder"
    files = list(all_files([published(december_2019())], ""))
    assert save(files, folder, web) == len(files)
    pages = sorted(folder.rglob("*.html"))
    assert len(pages) == 2 * (11 + 1 + 2)
    for page in pages:
        read = html.fromstring(page.read_text(encoding="utf-8"))
        for one in read.iter("a", "link", "script", "img"):
            address = one.get("href") or one.get("src") or ""
            if one.get("rel") in ("canonical", "license") or address.startswith("#") or address in APPLICANTS:
                continue
            assert not urlsplit(address).scheme, address
            assert (page.parent / address).is_file(), f"{page}: {address}"
    assert (folder / "data/2019-autumn/awards.csv").read_bytes().startswith(b"round,announcement,")
    assert (folder / "style.css").read_text() == "style.css"
