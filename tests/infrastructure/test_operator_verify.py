"""anslag verify ROUND: a certificate and every application, held against everything that is stored."""

from __future__ import annotations

import boto3

from shared import keys
from shared.aws.table import Table, Update
from tests.infrastructure import operator_api, operator_command, operator_rounds
from tests.infrastructure.operator_api import StaffApi
from tests.infrastructure.operator_command import Anslag
from tests.infrastructure.operator_rounds import ROUND, stored

anslag = operator_command.anslag
closed = operator_rounds.closed
staff_api = operator_api.staff_api


def test_a_round_that_nobody_altered_is_verified(closed: StaffApi, anslag: Anslag) -> None:
    ran = anslag("verify", ROUND)
    assert sum("/verification" in asked for asked in closed.asked) == 3
    assert (ran.code, ran.err) == (0, "")
    assert "Every application in the table is the one that was uploaded." in ran.out


def test_an_altered_application_is_named_with_what_differs(closed: StaffApi, anslag: Anslag) -> None:
    gotland = next(one for one in stored(closed, "/applications")["applications"] if one["applicant"] == "Gotland")
    place = keys.application_key(ROUND, gotland["application"])
    table = Table(boto3.client("dynamodb"), "anslag")
    current = (table.get(place) or {})["current"]
    table.write(Update(place, set={"current": {**current, "facts": {**current["facts"], "title": "Olja"}}}))
    ran = anslag("verify", ROUND, "--language", "sv")
    assert (ran.code, ran.out) == (1, "")
    assert gotland["reference"] in ran.err
    assert "Det som skiljer: uppgifterna i tabellen." in ran.err
