"""What a private link opens, read in one call."""

from __future__ import annotations

from dataclasses import dataclass

from shared import keys
from shared.applications import Application
from shared.aws.table import Item, Table
from shared.links import Link
from shared.problems import refuse
from shared.rounds import Round


@dataclass(frozen=True, slots=True)
class Held:
    """A link, the round that it leads to, and the application in it.

    `expires_at` is when the table forgets an application that nobody sent, in seconds since 1970, or None for one
    that stands. `draft` is the item of its draft, where that was asked for.
    """

    link: Link
    call: Round
    application: Application
    expires_at: int | None
    draft: Item | None


def hold(table: Table, link: Link | None, *, with_draft: bool = False) -> Held:
    """What the link opens. Raises ProblemsError with status 404."""
    if link is None:
        raise refuse("no-such-application", status=404)
    wanted = [keys.round_key(link.round_id), keys.application_key(link.round_id, link.application)]
    if with_draft:
        wanted.append(keys.draft_key(link.round_id, link.application))
    call, stored, *drafts = table.get_several(*wanted)
    application = Application.from_item(stored) if stored else None
    # One answer for every wrong link, so that it tells nobody which half was right.
    if call is None or stored is None or application is None or not link.opens(application.link_hash):
        raise refuse("no-such-application", status=404)
    return Held(link, Round.from_item(call), application, stored.get("expires_at"), drafts[0] if drafts else None)
