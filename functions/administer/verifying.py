"""Verifying a certificate: everything in it is worked out again from bucket and table, and compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shared import keys, totals
from shared.applications import Outcome
from shared.aws.bucket import Bucket
from shared.aws.reconciliation import reconcile
from shared.aws.rows import read_applications, read_submissions, require_round
from shared.aws.table import Table
from shared.problems import refuse
from shared.submissions import root_hash


@dataclass(frozen=True, slots=True)
class Verifying:
    """What verification works with."""

    table: Table
    bucket: Bucket

    def verify(self, round_id: str) -> dict[str, Any]:
        """The certificate, what bucket and table say now, and the names of what differs.

        What came after the certificate (late uploads) is counted apart and is no difference. Totals are compared
        by what no later event may move: the sums of what was submitted. Raises ProblemsError with status 404.
        """
        require_round(self.table, round_id)
        stored = self.table.get(keys.certificate_key(round_id))
        if stored is None:
            raise refuse("not-certified-yet", status=404)
        submissions = read_submissions(self.table, round_id)
        certified = [one for one in submissions if not one.after_certificate]
        seen = reconcile(self.bucket, round_id, submissions)
        counted = totals.as_json(totals.recount(read_applications(self.table, round_id), []))
        found = {
            "objects": seen.documents - (len(submissions) - len(certified)),
            "missing": len(seen.missing),
            "outcomes": {outcome.value: sum(one.outcome is outcome for one in certified) for outcome in Outcome},
            "root": root_hash(certified),
            "requested": counted["requested"],
            "by": counted["by"],
        }
        expected = {
            **{name: stored[name] for name in ("objects", "missing", "outcomes", "root")},
            "requested": stored["totals"]["requested"],
            "by": stored["totals"]["by"],
        }
        return {
            "certificate": {name: value for name, value in stored.items() if name not in ("pk", "sk")},
            "found": found,
            "after_certificate": len(submissions) - len(certified),
            "differences": sorted(name for name in found if found[name] != expected[name]),
        }
