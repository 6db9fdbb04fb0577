"""Faults planted in what staff do for one applicant."""

from __future__ import annotations

import contextlib
from dataclasses import replace

from functions.administer import exceptions
from shared.applications import Application
from shared.rounds import Access
from tests.simulation.replacing import replaced


def asked_for_ever() -> contextlib.AbstractContextManager[None]:
    """What a completion asked for is carried on into whatever time is given next."""
    original = exceptions._prolonged

    def prolonged(known: Application, access: Access) -> Access:
        before = "" if known.access is None or known.access.ended else known.access.asked
        given = original(known, access)
        return replace(given, asked=given.asked or before)

    return replaced(exceptions, "_prolonged", prolonged)
