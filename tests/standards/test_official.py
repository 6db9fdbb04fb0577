"""The check against a standard's own schema finds what breaks it. The standard itself is a network away; here a schema
of the same make is served, in both drafts that the standard has used."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from shared.results import threesixty
from tests.builders.publications import ADDRESS, ROUNDS
from tests.standards.official import THREESIXTY, faults_by, fetched

DAY = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
VALID = {"grants": [{"id": "1", "awardDate": "2019-12-12", "url": "https://bidrag.example/a"}]}


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(params=["http://json-schema.org/draft-04/schema#", "http://json-schema.org/draft/2020-12/schema"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A package schema that refers to one of a grant by a whole address. Both say that they are somewhere else."""
    named, definitions = ("id", "definitions") if "04" in request.param.rpartition("draft")[2] else ("$id", "$defs")
    with served(tmp_path) as root:
        own = {"$schema": request.param, named: "https://standard.invalid/blob/schema.json"}
        package = {"required": ["grants"], "properties": {"grants": {"items": {"$ref": f"{root}/grant.json"}}}}
        event = {"oneOf": [{"format": "date-time"}, {"pattern": DAY}], "type": "string"}
        fields = {"awardDate": {"$ref": f"#/{definitions}/event"}, "url": {"format": "uri"}}
        grant = {definitions: {"event": event}, "required": ["id"], "properties": fields}
        for name, schema in (("package", package), ("grant", grant)):
            (tmp_path / f"{name}.json").write_text(json.dumps(own | schema), encoding="utf-8")
        yield f"{root}/package.json"


@pytest.mark.parametrize("date", ["2019-12-12", "2019-12-12T09:00:00Z"])
def test_what_keeps_to_the_schema_has_no_faults(address: str, date: str) -> None:
    assert faults_by(address)({"grants": [VALID["grants"][0] | {"awardDate": date}]}) == []


def test_every_fault_is_told_with_its_place(address: str) -> None:
    faults = faults_by(address)
    assert faults({}) == ["$: 'grants' is a required property"]
    found = faults({"grants": [VALID["grants"][0], {"awardDate": "12 december"}]})
    assert [one.partition(":")[0] for one in found] == ["$.grants[1]", "$.grants[1].awardDate"]


def test_a_schema_is_fetched_once(address: str) -> None:
    asked: list[str] = []

    def fetch(uri: str) -> Any:
        asked.append(uri.rpartition("/")[2])
        return fetched(uri)

    faults = faults_by(address, fetch)
    for _ in range(3):
        assert faults(VALID) == []
    assert asked == ["package.json", "grant.json"]


@pytest.mark.parametrize("missing", ["package.json", "grant.json"])
def test_where_a_schema_cannot_be_had_nothing_is_called_valid(address: str, tmp_path: Path, missing: str) -> None:
    (tmp_path / missing).unlink()
    nowhere = f"import tests.standards.__main__ as own; own.THREESIXTY = {address!r}; exit(own.main())"
    ended = subprocess.run([sys.executable, "-c", nowhere], capture_output=True, text=True, check=False, timeout=60)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "nothing was checked" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_our_files_are_held_to_the_version_that_they_say_they_follow() -> None:
    told = json.loads(threesixty.grants(ROUNDS["one award"](), ADDRESS))
    assert f"/{told['version']}." in THREESIXTY
