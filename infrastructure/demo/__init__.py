"""The demonstration: ICLD's round of December 2019, played through the doors that people use."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from infrastructure.cloud.running import Cloud
from infrastructure.demo.staff import hire, verify_sender

PARAMETERS: Mapping[str, str] = {
    "StaffAddress1": "anna@icld.example",
    "StaffAddress2": "bertil@icld.example",
    "ReceiptSender": "ansokan@icld.example",
    "SignReceipts": "true",
    "DrainSeconds": "2",
    "RequireTls": "false",
}
"""The stack's parameters on the embedded cloud, which has no TLS and whose rounds last seconds."""
_OPEN_DAYS = 30


def open_round(cloud: Cloud, outputs: Mapping[str, str]) -> dict[str, str]:
    """Open a round of a month for whoever wants to try. Returns the settings of the staff who may work in it."""
    verify_sender(cloud, PARAMETERS["ReceiptSender"])
    (anna,) = hire(cloud, outputs, ["anna"])
    if not anna.ask("rounds", "list")["rounds"]:
        now = datetime.now(UTC)
        anna.anslag(
            *("rounds", "create", "try-it", "--programme", "municipal-partnership-2019"),
            *("--name-sv", "Prova på", "--name-en", "Try it"),
            *("--opens", now.isoformat(), "--closes", (now + timedelta(days=_OPEN_DAYS)).date().isoformat()),
            *("--budget", "11000000"),
        )
        anna.anslag("rounds", "advance")
    return {name: anna.environment[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "ANSLAG_API")}
