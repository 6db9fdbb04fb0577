"""What a round counts, how one change moves the counts, and the recount that they must equal.

Counters are flat (`country|KE|requested`), so that a change is added to a row in one write without reading it.
Distinct applicants are counted by a counter for each: an applicant that withdraws one of two applications is
still one applicant.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from shared.applications import Application, ApplicationState, Outcome

Counts = Mapping[str, int]

_BREAKDOWNS = ("core_area", "country", "applicant_kind", "county")
_MEASURES = ("applications", "requested")


def contribution(application: Application) -> Counter[str]:
    """What the application adds to its round's totals. Amounts are whole kronor.

    An application in several core areas or countries counts fully in each, so those columns do not add up
    to the total; by applicant kind and county they do.
    """
    counts: Counter[str] = Counter()
    if application.turned_away_at is not None:
        counts["turned_away"] = 1
    if application.state is ApplicationState.DRAFT:
        return counts
    counts[f"state|{application.state}"] = 1
    if application.state is not ApplicationState.SUBMITTED or application.current is None:
        return counts
    facts = application.current.facts
    counts["requested"] = facts.requested
    counts[f"applicant|{facts.applicant.identity}"] = 1
    groups = [
        *(("core_area", area) for area in facts.core_areas),
        *(("country", country) for country in sorted({partner["country"] for partner in facts.partners})),
        ("applicant_kind", facts.applicant.kind),
        ("county", facts.applicant.county or "none"),
    ]
    for breakdown, group in groups:
        counts[f"{breakdown}|{group}|applications"] = 1
        counts[f"{breakdown}|{group}|requested"] = facts.requested
    return counts


def outcome_counter(outcome: Outcome) -> str:
    """Example: outcome|accepted"""
    return f"outcome|{outcome}"


def outcomes_counted(stored: Mapping[str, Any]) -> int:
    """How many outcomes the round's row of totals has counted."""
    return sum(counters(stored).get(outcome_counter(outcome), 0) for outcome in Outcome)


def change(before: Application, after: Application, outcome: Outcome | None = None) -> dict[str, int]:
    """What to add to the totals when `before` becomes `after`, without the counters that stay."""
    counts = contribution(after)
    counts.subtract(contribution(before))
    if outcome is not None:
        counts[outcome_counter(outcome)] += 1
    return {name: difference for name, difference in sorted(counts.items()) if difference}


def kept(before: Application, *, certified: bool) -> Application:
    """The application with its share of the certified totals on it, which a change after the certificate must keep."""
    if not certified or before.certified is not None:
        return before
    return replace(before, certified=non_zero(contribution(before)))


def certified(applications: Iterable[Application]) -> dict[str, int]:
    """What the round's applications added to its totals when it was certified."""
    counts: Counter[str] = Counter()
    for application in applications:
        counts.update(contribution(application) if application.certified is None else application.certified)
    return non_zero(counts)


def has_changed(application: Application) -> bool:
    """Whether the application counts otherwise than it did in the certificate. (Being turned away is told apart.)"""
    if application.certified is None:
        return False
    before, now = dict(application.certified), dict(contribution(application))
    return {**before, "turned_away": 0} != {**now, "turned_away": 0}


def recount(applications: Iterable[Application], outcomes: Iterable[Outcome]) -> dict[str, int]:
    """The totals of a round, from its rows alone."""
    counts: Counter[str] = Counter(outcome_counter(outcome) for outcome in outcomes)
    for application in applications:
        counts.update(contribution(application))
    return non_zero(counts)


def non_zero(counts: Counts) -> dict[str, int]:
    """The counters that say something, by name: what two counts must agree on."""
    return {name: count for name, count in sorted(counts.items()) if count}


def counters(item: Mapping[str, Any]) -> dict[str, int]:
    """The counters of a stored totals row."""
    return {name: value for name, value in item.items() if isinstance(value, int) and name not in ("revision",)}


def as_json(counts: Counts) -> dict[str, Any]:
    """The totals as API, summaries and certificate show them."""
    by: dict[str, dict[str, dict[str, int]]] = {breakdown: {} for breakdown in _BREAKDOWNS}
    states, outcomes = {}, {outcome.value: 0 for outcome in Outcome}
    for name, count in non_zero(counts).items():
        match name.split("|"):
            case ["state", state]:
                states[state] = count
            case ["outcome", outcome]:
                outcomes[outcome] = count
            case [breakdown, group, measure] if breakdown in by:
                by[breakdown].setdefault(group, dict.fromkeys(_MEASURES, 0))[measure] = count
    return {
        "applications": states,
        "requested": counts.get("requested", 0),
        "applicants": sum(1 for name, count in counts.items() if name.startswith("applicant|") and count > 0),
        "outcomes": outcomes,
        "turned_away": counts.get("turned_away", 0),
        "by": by,
    }
