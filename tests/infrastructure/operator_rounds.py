"""Rounds as the tests of the operator's command need them, and the decision list as Excel gives it back."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from tests.builders.rounds import submit_application
from tests.infrastructure.operator_api import BO, StaffApi, log_in
from tests.infrastructure.operator_command import Anslag

ROUND = "2026-autumn"
LIST = f"{ROUND}-decisions.csv"


@pytest.fixture
def closed(staff_api: StaffApi) -> StaffApi:
    """A closed round with an application by Gotland and one by Piteå, in this order in the decision list."""
    staff_api.create_round()
    submit_application(ROUND)
    submit_application(ROUND, applicant__code="0980", project__title="=Vatten; och \u201dsalt\u201d")
    staff_api.close_round()
    return staff_api


def fill_in(*decisions: tuple[str, str, str], name: str = LIST) -> None:
    """The decision list as Excel gives it back."""
    rows = list(csv.reader(io.StringIO(Path(name).read_text(encoding="utf-8-sig"), newline=""), delimiter=";"))
    for row, decision in zip(rows[1:], decisions, strict=True):
        row[4:7] = decision
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=";").writerows(rows)
    Path(name).write_text(out.getvalue(), encoding="utf-8-sig", newline="")


def stored(api: StaffApi, path: str = "") -> Any:
    """What the service knows of the round."""
    return api.ask("GET", f"/staff/rounds/{ROUND}{path}")


def plain(text: str) -> str:
    """Without the difference between spaces that break and those that do not."""
    return text.replace("\u00a0", " ")


def decided(anslag: Anslag, monkeypatch: pytest.MonkeyPatch, api: StaffApi) -> str:
    """Anna hands in, Bo approves. Returns the announcement's digest."""
    anslag("decisions", "out", ROUND, "--csv")
    fill_in(("bifall", "700000", ""), ("avslag", "", ""))
    entered = json.loads(anslag("decisions", "in", ROUND, LIST, "--json").out)
    log_in(monkeypatch, BO)
    assert anslag("decisions", "approve", ROUND, "--digest", entered["digest"]).code == 0
    return str(stored(api, "/announcement")["digest"])
