"""What must hold of the pages' files as they lie in web/, before any browser opens them."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable
from itertools import chain
from pathlib import Path

import pytest

from shared import programme

WEB = Path(__file__).resolve().parents[2] / "web"
LANGUAGES = ("sv", "en")
MOST_BYTES = 60_000
"""All that an applicant loads over the whole flow in one language, as CloudFront sends it (gzip), each file once."""
MOST_RESULT_BYTES = 6_500
"""What a result page loads beside itself."""
_RESULTS = (WEB / "results.css", WEB / "results.js")
_IMPORT = re.compile(r"""^import .*?["](\..+?)["]|await import\(["](\..+?)["]\)""", re.MULTILINE)
_MAY_BE_NAMED = {"http://www.w3.org/2000/svg", "https://www.digg.se/tdosanmalan"}


def _files(*suffixes: str) -> list[Path]:
    return sorted(path for path in WEB.rglob("*") if path.suffix in suffixes)


def _name(path: Path) -> str:
    return path.relative_to(WEB).as_posix()


def _sent(paths: Iterable[Path]) -> int:
    return sum(len(gzip.compress(path.read_bytes(), 6)) for path in paths)


def _loaded_in(language: str) -> list[Path]:
    other = next(one for one in LANGUAGES if one != language)
    others = {WEB / "texts" / f"{other}.js", *(WEB / other).iterdir()}
    return [path for path in _files(".html", ".js", ".css", ".svg") if path not in others | set(_RESULTS)]


def _modules_of(script: Path) -> set[Path]:
    """The script and every module that it imports, also those that it imports when it needs them."""
    found, waiting = set(), [script]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            named = chain.from_iterable(_IMPORT.findall(path.read_text(encoding="utf-8")))
            waiting += [(path.parent / name).resolve() for name in named if name]
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_whole_flow_weighs_less_than_sixty_kilobytes_as_it_is_sent(language: str) -> None:
    assert _sent(_loaded_in(language)) < MOST_BYTES


def test_a_result_page_needs_little_more_than_its_own_table() -> None:
    assert _sent([*_RESULTS, WEB / "style.css", WEB / "icon.svg"]) < MOST_RESULT_BYTES


@pytest.mark.parametrize("page", ["index", "form", "application"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_asks_at_once_for_every_module_that_it_will_need(language: str, page: str) -> None:
    html = (WEB / language / f"{page}.html").read_text(encoding="utf-8")
    script = re.search(r'<script type="module" src="/([^"]+)">', html)
    assert script is not None
    needed = _modules_of(WEB / script[1]) - {WEB / script[1]} | {WEB / "texts" / f"{language}.js"}
    asked = {WEB / name for name in re.findall(r'<link rel="modulepreload" href="/([^"]+)">', html)}
    assert asked == needed


def test_both_languages_have_the_same_pages() -> None:
    swedish, english = ({path.name for path in (WEB / language).iterdir()} for language in LANGUAGES)
    assert swedish == english


def test_both_languages_have_the_same_texts() -> None:
    swedish, english = (
        re.findall(r"^ +(\w+):", (WEB / "texts" / f"{language}.js").read_text(encoding="utf-8"), re.MULTILINE)
        for language in LANGUAGES
    )
    assert swedish == english


def test_every_text_is_used_and_every_used_one_is_there() -> None:
    there = set(re.findall(r"^  (\w+):", (WEB / "texts" / "sv.js").read_text(encoding="utf-8"), re.MULTILINE))
    modules = [path for path in _files(".js") if path.parent.name != "texts"]
    named = set(chain.from_iterable(re.findall(r"\bt\.(\w+)", path.read_text(encoding="utf-8")) for path in modules))
    assert there == named


@pytest.mark.parametrize("page", _files(".html"), ids=_name)
def test_a_page_has_no_script_or_style_of_its_own(page: Path) -> None:
    html = page.read_text(encoding="utf-8")
    assert re.findall(r"<style|\sstyle=|\son\w+=|<script(?![^>]* src=)", html) == []


@pytest.mark.parametrize("file", _files(".html", ".js", ".css", ".svg"), ids=_name)
def test_nothing_comes_from_another_host(file: Path) -> None:
    assert set(re.findall(r"https?://[^\"' )]+", file.read_text(encoding="utf-8"))) <= _MAY_BE_NAMED


@pytest.mark.parametrize("key", programme.available())
def test_nothing_of_a_programme_is_in_the_pages(key: str) -> None:
    shipped = programme.load(key)
    theirs = {shipped.id, shipped.name.sv, shipped.name.en, shipped.funder.sv, shipped.contact}
    theirs |= {kind.id for kind in shipped.attachments} | {kind.id for kind in shipped.types}
    theirs -= {"project", "budget", "other"}  # words of every form
    written = "\n".join(path.read_text(encoding="utf-8") for path in _files(".html", ".js"))
    assert [name for name in sorted(theirs) if re.search(rf"""["'`]{re.escape(name)}["'`]""", written)] == []
    assert shipped.funder.sv not in written
