"""What rows come to, worked out in a way of its own. What the product counts, hashes and judges by is what the
promises are about, so they must not be judged by the same."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from shared import keys
from shared.aws.table import Item
from shared.instants import parse_iso
from tests.simulation.doubles.table import MemoryTable

_SECONDS = len("2019-10-15T21:59:59")


def state_of(row: Item) -> str:
    """Where the application stands by what is current and when it was withdrawn."""
    current, withdrawn = row.get("current"), row.get("withdrawn_at")
    if withdrawn and (not current or current["arrived_at"][:_SECONDS] <= withdrawn[:_SECONDS]):
        return "withdrawn"
    if current:
        return "submitted"
    return "refused" if row.get("refused") else "draft"


def counted(row: Item) -> Counter[str]:
    """What an application adds to the totals."""
    counts = Counter({"turned_away": 1} if "turned_away_at" in row else {})
    state = state_of(row)
    if state != "draft":
        counts[f"state|{state}"] = 1
    if state != "submitted":
        return counts
    facts = row["current"]["facts"]
    applicant, asked = facts["applicant"], facts["requested"]
    counts["requested"], counts[f"applicant|{applicant['identity']}"] = asked, 1
    groups = {f"core_area|{area}" for area in facts["core_areas"]}
    groups |= {f"country|{partner['country']}" for partner in facts["partners"]}
    groups |= {f"applicant_kind|{applicant['kind']}", f"county|{applicant.get('county') or 'none'}"}
    for group in groups:
        counts[f"{group}|applications"], counts[f"{group}|requested"] = 1, asked
    return counts


def differing(told: Mapping[str, Any], counts: Mapping[str, int]) -> list[str]:
    """In what the totals of a certificate are not these counts. Whoever is turned away after it is still counted in
    the round's totals, and is left aside."""
    said = {f"state|{name}": count for name, count in told["applications"].items()}
    said |= {f"outcome|{name}": count for name, count in told["outcomes"].items()}
    said |= {"requested": told["requested"], "applicants": told["applicants"]}
    for breakdown, groups in told["by"].items():
        for group, measures in groups.items():
            said |= {f"{breakdown}|{group}|{measure}": count for measure, count in measures.items()}
    wanted = {name: count for name, count in counts.items() if name != "turned_away" and "applicant|" not in name}
    wanted["applicants"] = sum(count > 0 for name, count in counts.items() if name.startswith("applicant|"))
    return sorted(name for name in said.keys() | wanted.keys() if said.get(name, 0) != wanted.get(name, 0))


def root_of(rows: Iterable[Item]) -> str:
    """The Merkle root (RFC 9162, section 2.1) over recorded outcomes."""
    told = ("application", "submission", "version_id", "arrived_at", "sha256", "outcome")
    leaves = sorted("|".join([*(row[name] for name in told), _recorded(row)]).encode() for row in rows)
    return _root([hashlib.sha256(b"\0" + leaf).digest() for leaf in leaves]).hex()


def _recorded(row: Item) -> str:
    """The digest of an outcome's row, without its key."""
    said = {name: value for name, value in row.items() if name not in ("pk", "sk")}
    text = json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _root(hashes: list[bytes]) -> bytes:
    if len(hashes) < 2:
        return hashes[0] if hashes else hashlib.sha256(b"").digest()
    left = 1
    while left * 2 < len(hashes):
        left *= 2
    return hashlib.sha256(b"\1" + _root(hashes[:left]) + _root(hashes[left:])).digest()


def last_arrival(table: MemoryTable, round_id: str, application: str | None = None) -> datetime | None:
    """The last second in which an upload may arrive: the round's, or of an application the one until which staff let
    it in, where that is later."""
    call = table.peek(keys.round_key(round_id)) or {}
    if not call.get("closes_at"):
        return None
    row = (table.peek(keys.application_key(round_id, application)) if application else None) or {}
    ends = [call["closes_at"], *([row["access"]["until"]] if "access" in row else [])]
    return max(map(parse_iso, ends)) + timedelta(seconds=int(call["grace_seconds"]))
