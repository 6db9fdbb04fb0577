"""Where an applicant can be written to: what the application says, and before there is one, its draft."""

from __future__ import annotations

import json

from pydantic import TypeAdapter, ValidationError

from shared import keys
from shared.applications import Application
from shared.aws.table import Table
from shared.document import Email

_ADDRESS: TypeAdapter[str] = TypeAdapter(Email)


def address_of(table: Table, application: Application) -> str | None:
    """The e-mail address of what was accepted, else of what was refused, else of the draft; None where nobody left
    one. A draft costs a read, and anybody may have typed anything into it."""
    if application.current is not None:
        return str(application.current.facts.contact["email"])
    if application.refused is not None and application.refused.contact:
        return str(application.refused.contact["email"])
    item = table.get(keys.draft_key(application.round_id, application.id)) or {}
    fields = json.loads(item.get("draft", "{}")).get("fields")
    try:
        return _ADDRESS.validate_python(fields.get("contact.email") if isinstance(fields, dict) else None)
    except ValidationError:
        return None
