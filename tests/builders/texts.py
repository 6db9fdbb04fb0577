"""Rounds, applications, submissions and awards for tests of texts, and the texts that were read and agreed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from functions.announce.awards import Award
from shared import register
from shared.applicants import Applicant
from shared.applications import Application, Facts, Outcome, Refusal, Version
from shared.letters import MOST_LINE, Letter
from shared.problems import Problem
from shared.programme import Programme, load
from shared.rounds import Round, RoundState
from shared.submissions import Submission

GOLDEN = Path(__file__).parents[1] / "golden"
OPENS = datetime(2019, 9, 14, 22, 0, 0, tzinfo=UTC)
CLOSES = datetime(2019, 10, 15, 21, 59, 59, tzinfo=UTC)
ARRIVED = datetime(2019, 10, 3, 12, 3, 22, tzinfo=UTC)


def golden(name: str) -> str:
    """A text as it was agreed, from tests/golden."""
    return (GOLDEN / name).read_text(encoding="utf-8")


def english_first(key: str) -> Programme:
    """The programme, whose announcements are in English above and in Swedish below."""
    return load(key).model_copy(update={"languages": ["en", "sv"]})


def partnership() -> Programme:
    """ICLD's programme of 2019."""
    return load("municipal-partnership-2019")


def village_stage() -> Programme:
    """The other funder's programme, in Swedish only, without partners."""
    return load("village-stage-2026")


def a_round(**changes: Any) -> Round:
    """The autumn round of 2019, open, with whatever a test wants changed."""
    facts: dict[str, Any] = {
        "id": "2019-autumn",
        "name": {"sv": "Hösten 2019", "en": "Autumn 2019"},
        "programme": "municipal-partnership-2019",
        "state": RoundState.OPEN,
        "opens_at": OPENS,
        "closes_at": CLOSES,
        "grace": timedelta(minutes=15),
        "budget": 11_000_000,
    }
    return Round(**(facts | changes))


def municipality(code: str) -> Applicant:
    """The municipality with this code."""
    return _registered("municipality", code)


def region(code: str) -> Applicant:
    """The region with this county code."""
    return _registered("region", code)


def _registered(kind: str, code: str) -> Applicant:
    entry = register.find(kind, code)
    assert entry is not None
    return Applicant(kind, entry.identity, entry.name, code, None, entry.county)


def joint_body(name: str = "Kommunalförbundet Norrsken", number: str = "222000-1234") -> Applicant:
    """A body that the register does not hold."""
    return Applicant("joint-body", f"SE-ON-{number}", name, organisation_number=number)


def association(name: str, number: str = "802400-1234") -> Applicant:
    """What applies to the village stage."""
    return Applicant("association", f"SE-ON-{number}", name, organisation_number=number)


def some_facts(applicant: Applicant | None = None, **changes: Any) -> Facts:
    """What the table keeps of Piteå's application, with whatever a test wants changed."""
    facts: dict[str, Any] = {
        "applicant": applicant or municipality("2581"),
        "contact": {"name": "Åsa Öberg", "email": "asa.oberg@pitea.example"},
        "title": "Unga, klimat och digital dialog",
        "type": "project",
        "core_areas": ("participation", "transparency"),
        "partners": ({"name": "An Giang", "country": "VN"},),
        "starts": "2020-01",
        "years": 2,
        "requested": 850_000,
        "language": "sv",
        "attachments": (
            {
                "kind": "letter-of-intent",
                "name": "Avsiktsförklaring å ä ö.pdf",
                "size": 482_113,
                "sha256": "5f" * 32,
                "type": "application/pdf",
                "version_id": "v1",
            },
            {
                "kind": "budget",
                "name": "Budget d'été 2020.xlsx",
                "size": 20_480,
                "sha256": "b7" * 32,
                "type": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                "version_id": "v2",
            },
        ),
    }
    return Facts(**(facts | changes))


def a_version(number: int = 1, arrived_at: datetime = ARRIVED, **changes: Any) -> Version:
    """An accepted version; changes are of its facts."""
    return Version(f"S{number}", f"v{number}", arrived_at, "9c" * 32, 4_211, number, some_facts(**changes))


def an_application(reference: str = "7K3M9QXRC", current: Version | None = None, **changes: Any) -> Application:
    """An application of the autumn round."""
    facts: dict[str, Any] = {
        "id": reference,
        "round_id": "2019-autumn",
        "link_hash": "a-hash",
        "language": "sv",
        "started_at": OPENS,
        "current": current,
    }
    return Application(**(facts | changes))


def a_refusal(*problems: Problem, arrived_at: datetime = ARRIVED, outcome: Outcome = Outcome.REJECTED) -> Refusal:
    """A submission that was not accepted."""
    return Refusal("S0", "v0", arrived_at, outcome, problems)


def a_submission(
    application: str, outcome: Outcome, recorded_at: datetime = ARRIVED, *problems: Problem, submission: str = "S1"
) -> Submission:
    """A recorded outcome; it arrived two seconds before."""
    return Submission(
        "2019-autumn",
        application,
        submission,
        "v1",
        recorded_at - timedelta(seconds=2),
        recorded_at,
        outcome,
        1,
        "9c" * 32,
        problems,
    )


def an_award(applicant: Applicant, amount: int, reference: str = "7K3M9QXRC", **changes: Any) -> Award:
    """An award for a project in Kenya, with whatever a test wants changed."""
    facts: dict[str, Any] = {
        "application": reference,
        "applicant": applicant,
        "amount": amount,
        "title": "Öppna beslut",
        "type": "project",
        "core_areas": ("transparency",),
        "partners": (("Makueni", "KE"),),
        "starts": "2020-01",
        "years": 2,
    }
    return Award(**(facts | changes))


def december_2019() -> list[Award]:
    """ICLD's eleven grantees of December 2019 and their known partners, in no particular order.

    Sum, grantees, and the partners of Region Östergötland, Piteå and Karlstad are ICLD's; titles, the split of
    the sum and all other partners are invented.
    """
    rows = (
        ("0765", 950_000, "Medborgardialog i småstaden", "participation", "Chobe", "BW"),
        ("1407", 450_000, "Kustkommuner i dialog", "participation transparency", "Ohrid", "MK"),
        ("2581", 1_000_000, "Unga, klimat och digital dialog", "participation transparency", "An Giang", "VN"),
        ("0125", 870_000, "Elevråd som räknas", "participation", "Masaka", "UG"),
        ("1780", 1_000_000, "Normer i studie- och yrkesval", "equity", "Makueni", "KE"),
        ("2480", 1_466_000, "Budget som alla förstår", "transparency accountability", "Livingstone", "ZM"),
        ("1781", 900_000, "Från fråga till svar", "accountability", "Mbombela", "ZA"),
        ("2481", 890_000, "Glesbygdens röster", "participation equity", "Bukoba", "TZ"),
        ("1493", 865_000, "Kvinnor i lokalpolitiken", "equity participation", "Swakopmund", "NA"),
        ("1081", 890_000, "Allas plats på torget", "equity", "Niš", "RS"),
    )
    awards = [
        an_award(
            municipality(code),
            amount,
            f"MUN{code}XX",
            title=title,
            core_areas=tuple(areas.split()),
            partners=((partner, country),),
            years=3 if amount > 1_000_000 else 2,
        )
        for code, amount, title, areas, partner, country in rows
    ]
    cancer_care = an_award(
        region("05"),
        1_360_000,
        "REG05XXXX",
        title="Jämlik cancervård",
        core_areas=("equity", "accountability"),
        partners=(("Uasin Gishu", "KE"),),
        years=3,
    )
    return [*awards, cancer_care]


def as_sent(letter: Letter) -> str:
    """The letter as the golden files hold it: the subject, an empty line, the text."""
    return f"{letter.subject}\n\n{letter.text}"


def too_wide(text: str) -> list[str]:
    """The lines that a mail program may break where we did not."""
    return [line for line in text.split("\n") if len(line) > MOST_LINE]
