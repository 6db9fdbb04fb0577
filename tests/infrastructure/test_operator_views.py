"""What staff read: every value, sentence and table of the operator's command, as it is printed."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console, RenderableType

from infrastructure.operator import cells, output, round_views
from infrastructure.operator.main import in_front, language_of
from infrastructure.operator.names import Names
from shared.problems import problem

SWEDISH = "Europe/Stockholm"
ROUND: dict[str, Any] = {
    "id": "2019-autumn",
    "name": {"sv": "Hösten 2019", "en": "Autumn 2019"},
    "programme": "municipal-partnership-2019",
    "state": "decided",
    "phase": "decided",
    "opens_at": "2019-09-14T22:00:00Z",
    "closes_at": "2019-10-15T21:59:59Z",
    "grace_seconds": 900,
    "budget": 11_000_000,
    "time_zone": SWEDISH,
    "now": "2019-12-01T08:00:00Z",
}
OUTCOMES = {"accepted": 14, "rejected": 2, "late": 1, "duplicate": 0}
TOTALS: dict[str, Any] = {
    "applications": {"submitted": 13, "withdrawn": 1},
    "requested": 14_250_000,
    "applicants": 12,
    "outcomes": OUTCOMES,
    "turned_away": 1,
    "by": {
        "core_area": {"participation": {"applications": 9, "requested": 9_250_000}},
        "country": {
            "KE": {"applications": 7, "requested": 7_000_000},
            "VN": {"applications": 6, "requested": 7_250_000},
        },
        "applicant_kind": {
            "municipality": {"applications": 12, "requested": 13_000_000},
            "region": {"applications": 1, "requested": 1_250_000},
        },
        "county": {
            "25": {"applications": 1, "requested": 850_000},
            "18": {"applications": 1, "requested": 800_000},
            "none": {"applications": 1, "requested": 700_000},
        },
    },
    "awarded": 10_641_000,
}
CERTIFICATE = {
    "objects": 17,
    "outcomes": OUTCOMES,
    "missing": 0,
    "root": "ab" * 32,
    "certified_at": "2019-10-15T22:17:00Z",
}
DECISIONS: dict[str, Any] = {
    "digest": "cd" * 32,
    "awards": 11,
    "declined": 2,
    "sum": 10_641_000,
    "budget": 11_000_000,
    "entered_by": "arn:aws:iam::123456789012:user/anna",
    "entered_at": "2019-11-28T13:00:00Z",
}


def printed(parts: Iterable[RenderableType]) -> str:
    """As it stands on a terminal of 80 columns, without the spaces that fill tables up."""
    out = io.StringIO()
    console = Console(file=out, width=80, markup=False, highlight=False, emoji=False)
    output.print_parts(console, parts)
    return "\n".join(line.rstrip(" ") for line in out.getvalue().splitlines())


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (cells.amount(10_641_000), "10\u00a0641\u00a0000"),
        (cells.amount(None), "–"),
        (cells.stamp("2019-10-15T21:59:59Z", SWEDISH), "2019-10-15 23:59:59"),
        (cells.stamp("2019-03-15T22:59:59Z", SWEDISH), "2019-03-15 23:59:59"),
        (cells.stamp(None, SWEDISH), "–"),
        (cells.when("2019-10-15T21:59:59Z", SWEDISH, "sv"), "15 oktober 2019 kl. 23.59.59 (svensk tid)"),
        (cells.when("2019-10-15T21:59:59Z", SWEDISH, "en"), "15 October 2019 at 23:59:59 (Swedish time)"),
        (cells.whose_time("Europe/Helsinki", "en"), "Eastern European Time"),
        (cells.age(3 * 86_400 + 5, "sv"), "3 dagar"),
        (cells.age(59, "en"), "less than a minute"),
        (cells.duration(900, "sv"), "15 minuter"),
        (cells.duration(60, "en"), "1 minute"),
        (cells.duration(90, "en"), "90 seconds"),
        (cells.size(1), "1 kB"),
        (cells.size(412_001), "413 kB"),
        (cells.size(9_500_000), "10 MB"),
        (cells.person("arn:aws:sts::123456789012:assumed-role/Staff/bo@icld.example", "sv"), "bo@icld.example"),
        (cells.person("scheduled job", "sv"), "schemalagt jobb"),
        (cells.person("somebody new", "sv"), "somebody new"),
        (cells.where("12.amount", "sv"), "rad 12, amount"),
        (cells.where("12.amount", "en"), "row 12, amount"),
        (cells.where("1", "en"), "row 1"),
        (cells.where("budget.0.amount", "en"), "budget.0.amount"),
        (cells.where("", "en"), ""),
        (cells.word(cells.PHASES, "grace", "sv"), "sista uppladdningarna"),
        (cells.word(cells.PHASES, "a phase to come", "sv"), "a phase to come"),
        (cells.tally(OUTCOMES, cells.OUTCOMES, "sv"), "godtagna 14, avvisade 2, för sena 1, dubbletter 0"),
    ],
)
def test_a_value_is_shown_as_people_write_it(shown: str, expected: str) -> None:
    assert shown == expected


def test_text_of_other_peoples_cannot_command_the_terminal() -> None:
    assert cells.plain("Unga\x1b[2J\x07\n och\u00a0gamla \u202e") == "Unga [2J och\u00a0gamla"
    assert cells.plain(None) == "–"


def test_a_problem_is_one_line_with_its_place() -> None:
    missing = problem("amount-missing", "12.amount")
    assert cells.told(missing, "sv") == "rad 12, amount: Ett bifall måste ha ett belopp."
    assert cells.told(missing, "en") == "row 12, amount: An award must have an amount."
    assert cells.told(problem("no-such-round"), "en") == "There is no such round. Check the address."


def test_a_long_value_is_broken_between_words_and_never_within_an_amount() -> None:
    told = "SEK\u00a010\u00a0641\u00a0000 of a budget of SEK\u00a011\u00a0000\u00a0000"
    assert cells.labelled([("Sum", told), ("None", "")], 40) == (
        "Sum   SEK\u00a010\u00a0641\u00a0000 of a budget of\n      SEK\u00a011\u00a0000\u00a0000\nNone  –"
    )


def test_rounds_are_listed_with_their_times_and_whose_times_they_are() -> None:
    without_end = ROUND | {"id": "all-year", "closes_at": None, "budget": None, "phase": "open"}
    assert printed([round_views.listed([ROUND, without_end], "sv")]).replace("\u00a0", " ") == "\n".join(
        [
            "Omgång        Läge       Öppnar och stänger    Budget (kr)",
            "──────────────────────────────────────────────────────────",
            "2019-autumn   beslutad   2019-09-15 00:00:00    11 000 000",
            "Hösten 2019              2019-10-15 23:59:59",
            "                         svensk tid",
            "all-year      öppen      2019-09-15 00:00:00             –",
            "Hösten 2019              utan slut",
            "                         svensk tid",
        ]
    )


def test_where_there_are_no_rounds_the_next_step_is_told() -> None:
    shown = printed([round_views.listed([], "en")])
    assert shown == "No rounds yet. How to create one:\n  anslag rounds create --help"


def test_a_round_is_told_whole() -> None:
    answer = {"round": ROUND, "totals": TOTALS, "certificate": CERTIFICATE, "decisions": DECISIONS}
    shown = printed(round_views.whole(answer, "en", 80)).replace("\u00a0", " ")
    assert shown == "\n".join(
        [
            "Round      2019-autumn",
            "Name       Autumn 2019",
            "Programme  municipal-partnership-2019",
            "State      decided",
            "Opens      15 September 2019 at 00:00:00 (Swedish time)",
            "Closes     15 October 2019 at 23:59:59 (Swedish time)",
            "Grace      15 minutes for uploads on their way",
            "Budget     SEK 11 000 000",
            "",
            "Applications",
            "State        submitted 13, not accepted 0, withdrawn 1",
            "Applicants   12",
            "Requested    SEK 14 250 000",
            "Awarded      SEK 10 641 000",
            "Uploads      accepted 14, rejected 2, late 1, duplicates 0",
            "Turned away  1",
            "",
            "Core area       Applications   Requested (SEK)",
            "──────────────────────────────────────────────",
            "participation              9         9 250 000",
            "",
            "Country   Applications   Requested (SEK)",
            "────────────────────────────────────────",
            "Kenya                7         7 000 000",
            "Vietnam              6         7 250 000",
            "",
            "Applicants       Applications   Requested (SEK)",
            "───────────────────────────────────────────────",
            "municipalities             12        13 000 000",
            "regions                     1         1 250 000",
            "",
            "County            Applications   Requested (SEK)",
            "────────────────────────────────────────────────",
            "no county                    1           700 000",
            "Norrbottens län              1           850 000",
            "Örebro län                   1           800 000",
            "",
            "Certificate of closing",
            "17 uploads arrived: accepted 14, rejected 2, late 1, duplicates 0. None is",
            "without an outcome. Certified 16 October 2019 at 00:17:00 (Swedish time).",
            "Root hash: " + "ab" * 32,
            "",
            "Decisions",
            "11 awards, 2 declined. SEK 10 641 000 of a budget of SEK 11 000 000;",
            "SEK 359 000 left. Handed in by anna 28 November 2019 at 14:00:00 (Swedish",
            "time).",
            "Ask a colleague to read what would go out, and to approve it:",
            "  anslag announcement preview 2019-autumn",
            "  anslag decisions approve 2019-autumn --digest " + "cd" * 32,
        ]
    )


def test_approved_decisions_name_both_people() -> None:
    approved = DECISIONS | {
        "approved_by": "arn:aws:iam::123456789012:user/bo",
        "approved_at": "2019-11-29T08:00:00Z",
    }
    assert round_views.decided(approved, ROUND, "sv").replace("\u00a0", " ") == (
        "11 bifall, 2 avslag. 10 641 000 kronor av budgeten 11 000 000 kronor;\n"
        "359 000 kronor kvar. Inlämnade av anna 28 november 2019 kl. 14.00.00 (svensk\n"
        "tid).\n"
        "Godkända av bo 29 november 2019 kl. 09.00.00 (svensk tid)."
    )


def test_decisions_without_a_budget_are_told_by_their_sum() -> None:
    told = round_views.result({"awards": 1, "declined": 0, "sum": 5_000, "budget": None}, "en")
    assert told.replace("\u00a0", " ") == "1 award, 0 declined. SEK 5 000."


def test_a_certificate_that_misses_something_says_so() -> None:
    told = round_views.certified(CERTIFICATE | {"missing": 3}, SWEDISH, "sv")
    assert "3 saknar utfall!" in told


def test_events_are_told_with_their_time_their_actor_and_their_reason() -> None:
    events = [
        {"at": "2019-10-14T06:00:00.123456Z", "who": DECISIONS["entered_by"], "what": "round extended"}
        | {"reason": "Storm över hela Norrland", "closes_at": "2019-10-18T21:59:59Z"},
        {"at": "2019-11-28T13:00:00Z", "who": "scheduled job", "what": "something new"}
        | {"digest": "cd" * 32, "sum": 10_641_000, "repaired": []},
    ]
    assert printed([round_views.events(events, SWEDISH, "sv")]).replace("\u00a0", " ") == "\n".join(
        [
            "När",
            "(svensk tid)          Vem               Vad                Mer",
            "────────────────────────────────────────────────────────────────────────────────",
            "2019-10-14 08:00:00   anna              tiden förlängdes   skäl: Storm över hela",
            "                                                           Norrland",
            "                                                           stänger: 2019-10-18",
            "                                                           23:59:59",
            "2019-11-28 14:00:00   schemalagt jobb   something new      kontrollvärde:",
            "                                                           cdcdcdcdcdcd…",
            "                                                           summa:",
            "                                                           10 641 000 kronor",
        ]
    )


@pytest.mark.parametrize(("language", "told"), [("sv", ("till", "tiden var till")), ("en", ("until", "was until"))])
def test_every_time_in_the_events_is_the_programmes(language: str, told: tuple[str, str]) -> None:
    ends = {"until": "2019-10-18T13:00:00Z", "was_until": "2019-10-22T21:59:59Z"}
    events = [{"at": "2019-10-14T06:00:00Z", "who": "anna", "what": "exception ended"} | ends]
    shown = " ".join(printed([round_views.events(events, SWEDISH, language)]).split())
    assert f"{told[0]}: 2019-10-18 15:00:00" in shown
    assert shown.endswith(f"{told[1]}: 2019-10-22 23:59:59")


@pytest.mark.parametrize("language", ["sv", "en"])
def test_tables_fit_eighty_columns_whatever_is_in_them(language: str) -> None:
    long = "Ettorimligtlångtordsomingenskriver" * 4
    call = ROUND | {"id": "a" * 40, "name": {"sv": long, "en": long}, "phase": "grace"}
    events = [{"at": call["opens_at"], "who": f"arn:aws:iam::1:user/{long}", "what": long, "reason": long}]
    parts = [
        round_views.listed([call], language),
        round_views.events(events, SWEDISH, language),
        *round_views.breakdowns({"country": {long: {"applications": 1, "requested": 10**10}}}, Names(None, language)),
    ]
    shown = printed(parts)
    assert max(cell_len(line) for line in shown.splitlines()) <= 80
    assert Counter(shown) >= Counter(long * 5)  # nothing was cut off: each of the five is there to the last letter


def test_what_a_newer_service_knows_goes_by_its_identifier() -> None:
    unknown = Names.of("programme-of-2031", "sv")
    found = [unknown.core_area("equity"), unknown.country("KE"), unknown.applicants("region"), unknown.type("project")]
    assert found == ["equity", "KE", "region", "project"]
    known = Names.of("municipal-partnership-2019", "sv")
    assert [known.country("KE"), known.country("ZZ"), known.attachment("budget")] == ["Kenya", "ZZ", "Budget i Excel"]


@pytest.mark.parametrize(
    ("environ", "language"),
    [
        ({"LANG": "sv_SE.UTF-8"}, "sv"),
        ({"LANG": "sv_FI"}, "sv"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "sv_SE.UTF-8", "LC_ALL": "C.UTF-8"}, "en"),
        ({"LANG": "en_GB.UTF-8", "LC_MESSAGES": "sv_SE.UTF-8"}, "sv"),
        ({"LC_ALL": "", "LANG": "sv_SE.UTF-8"}, "sv"),
        ({}, "en"),
    ],
)
def test_the_language_is_the_computers_swedish_or_else_english(environ: dict[str, str], language: str) -> None:
    assert language_of(environ) == language


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("rounds list --json", "--json rounds list"),
        ("rounds show a --stack b --region=c", "--stack b --region=c rounds show a"),
        ("rounds list --language sv", "--language sv rounds list"),
        ("announcement preview a --language sv", "announcement preview a --language sv"),
        ("--language sv announcement preview a --language en", "--language sv announcement preview a --language en"),
        ("rounds show -- --json", "rounds show -- --json"),
        ("rounds list --api", "--api rounds list"),
    ],
)
def test_options_for_all_commands_may_stand_last(written: str, read: str) -> None:
    assert in_front(written.split()) == read.split()
