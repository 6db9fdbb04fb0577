"""Where everything published lies: paths from the root of the pages, which are also the bucket's keys."""

from __future__ import annotations

CATALOGUE = "data/catalogue.jsonld"
SCHEMA = "data/announcement-1.json"


def results(language: str) -> str:
    """The index of announced rounds. Example: sv/results"""
    return f"{language}/results"


def round_page(language: str, round_id: str) -> str:
    """Example: sv/rounds/2019-autumn"""
    return f"{language}/rounds/{round_id}"


def award_page(language: str, reference: str) -> str:
    """Example: sv/awards/7K3M-9QXR-C"""
    return f"{language}/awards/{reference}"


def feed(language: str) -> str:
    """Example: sv/announcements.atom"""
    return f"{language}/announcements.atom"


def data_page(language: str) -> str:
    """What the data files hold, for people. Example: sv/data"""
    return f"{language}/data"


def data(round_id: str, name: str) -> str:
    """Example: data/2019-autumn/awards.csv"""
    return f"data/{round_id}/{name}"


def is_result(path: str) -> bool:
    """Whether results lie there, and not a page of the applicants."""
    language, _, rest = path.partition("/")
    if language == "data":
        return bool(rest)
    return language in ("sv", "en") and (
        rest in ("announcements.atom", "data", "results") or rest.startswith(("awards/", "rounds/"))
    )
