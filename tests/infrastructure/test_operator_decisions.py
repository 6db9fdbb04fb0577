"""Decisions: taken out as a list, handed in by one, approved by another."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from infrastructure.operator.desk import Desk
from tests.infrastructure import operator_api, operator_command, operator_rounds
from tests.infrastructure.operator_api import BO, StaffApi, log_in
from tests.infrastructure.operator_command import Anslag, Ran, elsewhere, process
from tests.infrastructure.operator_rounds import LIST, ROUND, decided, fill_in, plain, stored

anslag = operator_command.anslag
closed = operator_rounds.closed
staff_api = operator_api.staff_api


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_decision_list_comes_out_as_the_service_wrote_it(anslag: Anslag, closed: StaffApi) -> None:
    ran = anslag("decisions", "out", ROUND, "--csv")
    assert (ran.code, ran.out.splitlines()[-1]) == (0, f"  anslag decisions in {ROUND} {LIST}")
    content = Path(LIST).read_bytes()
    assert content.startswith(b"\xef\xbb\xbfreference;applicant;title;requested;decision;amount;motivation;list\r\n")
    assert content.count(b"\r\n") == 3
    assert process("decisions", "out", ROUND, "-", env=elsewhere()).out.encode() == content
    assert anslag("decisions", "out", ROUND, "x.csv", "--json").out == '{\n  "file": "x.csv",\n  "applications": 2\n}\n'
    assert Path("x.csv").read_bytes() == content
    assert closed.asked.count(f"GET /staff/rounds/{ROUND}/decisions") == 3


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_the_list_of_a_round_that_is_decided_or_announced_is_told_as_what_it_is_for(
    anslag: Anslag, closed: StaffApi, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    digest = decided(anslag, monkeypatch, closed)
    read_only = anslag("decisions", "out", ROUND, f"decided.{form}")
    told = (
        f"decided.{form}: 2 applications, with the decisions that are approved. The list is for reading only, unless "
    )
    told += "somebody takes the approval back (anslag decisions take-back)."
    assert (read_only.code, " ".join(read_only.out.split())) == (0, told)
    assert anslag("announcement", "publish", ROUND, "--digest", digest, "--yes").code == 0
    to_correct = anslag("decisions", "out", ROUND, f"announced.{form}").out
    assert "To correct what was announced, change what is wrong, save" in " ".join(to_correct.split())
    line = f"anslag corrections in {ROUND} announced.{form} --reason-sv … --reason-en …"
    assert to_correct.splitlines()[-1] == f"  {line}"


def test_a_file_is_not_written_over_unless_it_is_asked_for(anslag: Anslag, closed: StaffApi) -> None:
    Path(LIST).write_text("mine", encoding="utf-8")
    told = f"{LIST} is there already. Name another file, or --force to write over it.\n"
    assert anslag("decisions", "out", ROUND, "--csv") == Ran(2, "", told)
    assert (Path(LIST).read_text(encoding="utf-8"), closed.asked) == ("mine", [])
    assert anslag("decisions", "out", ROUND, "--csv", "--force").code == 0
    assert Path(LIST).read_bytes().startswith(b"\xef\xbb\xbf")


def test_a_file_that_cannot_be_written_is_told(anslag: Anslag, closed: StaffApi) -> None:
    told = "nowhere/x.csv cannot be used: No such file or directory.\n"
    assert anslag("decisions", "out", ROUND, "nowhere/x.csv") == Ran(2, "", told)
    assert closed.asked[0] == f"GET /staff/rounds/{ROUND}/decisions"


@pytest.mark.usefixtures("closed")
def test_where_the_round_cannot_be_asked_about_no_file_is_left(anslag: Anslag, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise OSError("gone")

    monkeypatch.setattr(Desk, "round", fails)
    assert anslag("decisions", "out", ROUND).code == 5
    assert list(Path().iterdir()) == []


def test_json_and_the_list_do_not_share_standard_output(anslag: Anslag, closed: StaffApi) -> None:
    ran = anslag("decisions", "out", ROUND, "-", "--json")
    assert (ran.code, json.loads(ran.out)["problems"][0]["code"], closed.asked) == (2, "unusable", [])


def test_every_mistake_in_the_list_is_told_by_row_and_column_and_nothing_changes(
    anslag: Anslag, closed: StaffApi
) -> None:
    anslag("decisions", "out", ROUND, "--csv")
    fill_in(("bifall", "850 001", ""), ("kanske", "", ""))
    ran = anslag("decisions", "in", ROUND, LIST, "--language", "sv")
    assert plain(ran.err) == (
        "rad 2, amount: Beloppet 850 001 kronor är högre än de sökta 850 000 kronor.\n"
        "rad 3, decision: Beslutet kanske går inte att tolka. Skriv bifall eller avslag.\n"
    )
    assert (ran.code, ran.out, stored(closed)["decisions"]) == (1, "", None)


def test_a_list_that_is_not_utf_8_is_refused_before_it_loses_letters(anslag: Anslag, closed: StaffApi) -> None:
    anslag("decisions", "out", ROUND, "--csv")
    fill_in(("bifall", "700000", "Bra på åtgärder"), ("avslag", "", ""))
    Path(LIST).write_bytes(Path(LIST).read_text(encoding="utf-8-sig").encode("cp1252"))
    told = "The file cannot be read as CSV in UTF-8. Save it as CSV UTF-8.\n"
    assert anslag("decisions", "in", ROUND, LIST) == Ran(1, "", told)
    assert stored(closed)["decisions"] is None


def test_a_list_that_is_not_there_is_wrong_use(anslag: Anslag, closed: StaffApi) -> None:
    assert (anslag("decisions", "in", ROUND, "no.csv").code, closed.asked) == (2, [])


def test_decisions_are_handed_in_by_one_and_approved_by_another(
    anslag: Anslag, closed: StaffApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    anslag("decisions", "out", ROUND, "--csv")
    fill_in(("award", "700\u00a0000", "Väl förankrat; tydligt"), ("decline", "", ""))
    ran = anslag("decisions", "in", ROUND, LIST)
    digest = stored(closed)["decisions"]["digest"]
    assert plain(ran.out) == (
        "1 award, 1 declined. SEK 700 000 of a budget of SEK 11 000 000;\n"
        "SEK 10 300 000 left.\n"
        "\n"
        "Ask a colleague to read what would go out, and to approve it:\n"
        f"  anslag announcement preview {ROUND}\n"
        f"  anslag decisions approve {ROUND} --digest {digest}\n"
    )
    approve = ("decisions", "approve", ROUND, "--digest")
    told = "Whoever handed in the decisions cannot approve them. Ask a colleague.\n"
    assert anslag(*approve, digest) == Ran(1, "", told)
    log_in(monkeypatch, BO)
    wrong = anslag(*approve, "0" * 64)
    assert (wrong.code, digest in wrong.err) == (1, True)
    approved = "The decisions are approved. Now read what goes out:\n  anslag announcement preview 2026-autumn\n"
    assert anslag(*approve, digest) == Ran(0, approved, "")
    assert stored(closed)["decisions"]["approved_by"].endswith("user/bo")
    assert "Väl förankrat; tydligt" in process("decisions", "out", ROUND, "-", env=elsewhere()).out
