"""Arguments that several commands take."""

from __future__ import annotations

from typing import Annotated

import typer

from infrastructure.operator.desk import Desk
from shared import keys
from shared.problems import problem


def _round_id(context: typer.Context, given: str) -> str:
    """What cannot be the id of any round is a slip of the fingers, and need not be asked for."""
    if not keys.ROUND_ID.fullmatch(given):
        found = problem("bad-round-id")
        raise typer.BadParameter(Desk.of(context).say(found.sv, found.en))
    return given


RoundId = Annotated[
    str, typer.Argument(metavar="ROUND", help="The round's id, as in anslag rounds list.", callback=_round_id)
]
Digest = Annotated[str, typer.Option(help="The digest that stands below what you read: 64 digits and letters.")]
Reason = Annotated[str, typer.Option(help="Why. It is kept in the round's events.")]
