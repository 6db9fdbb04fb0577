"""Where a problem's path leads, in words that somebody who filled in a form knows."""

from __future__ import annotations

from shared.letters import one_line
from shared.wording import either

_ITEMS = {
    "partners": ("partner", "partner"),
    "core_areas": ("kärnområde", "core area"),
    "budget": ("budgetrad", "budget line"),
    "attachments": ("bilaga", "attachment"),
}
_FIELDS = {
    "schema": ("schemaversion", "schema version"),
    "programme": ("program", "programme"),
    "language": ("språk", "language"),
    "applicant": ("sökande", "applicant"),
    "contact": ("kontaktperson", "contact"),
    "partners": ("partner", "partners"),
    "project": ("projekt", "project"),
    "budget": ("budget", "budget"),
    "attachments": ("bilagor", "attachments"),
    "kind": ("slag", "kind"),
    "code": ("kod", "code"),
    "organisation_number": ("organisationsnummer", "organisation number"),
    "name": ("namn", "name"),
    "email": ("e-postadress", "e-mail address"),
    "phone": ("telefonnummer", "telephone number"),
    "country": ("land", "country"),
    "title": ("titel", "title"),
    "type": ("typ", "type"),
    "core_areas": ("kärnområden", "core areas"),
    "summary": ("sammanfattning", "summary"),
    "starts": ("startmånad", "starting month"),
    "years": ("antal år", "number of years"),
    "year": ("år", "year"),
    "category": ("budgetpost", "budget category"),
    "amount": ("belopp", "amount"),
    "size": ("storlek", "size"),
    "sha256": ("kontrollsumma", "checksum"),
}
_MOST_UNKNOWN = 40


def place(path: str, language: str) -> str:
    """Example: budget.2.amount → 'Budgetrad 3, belopp'. A step that no form has is shown as it stands, cut
    short; an empty path leads to the document itself and gives an empty text."""
    steps = path.split(".") if path else []
    words: list[str] = []
    for before, step in zip(["", *steps], steps, strict=False):
        if step.isdecimal() and before in _ITEMS:
            words[-1] = f"{either(language, *_ITEMS[before])} {int(step) + 1}"
        elif step in _FIELDS:
            words.append(either(language, *_FIELDS[step]))
        else:
            words.append(one_line(step, _MOST_UNKNOWN))
    text = ", ".join(words)
    return text[:1].upper() + text[1:]
