"""The form of a programme: every field with its words and its rules, from which a page draws and checks it.

Nothing is decided twice. What the shape of a document allows is read from its models (`shared.document`), what the
programme allows from its data, sentences from the catalogue of problems; words are in form.toml, or in the programme's
own. A limit that changes there changes page and validator together.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from pydantic import BaseModel

from shared.document import (
    MOST_ANSWER,
    ApplicantSection,
    BudgetLine,
    ContactSection,
    PartnerSection,
    ProjectSection,
)
from shared.files import type_name
from shared.problems import sentence
from shared.programme import AttachmentKind, Programme, Question
from shared.validation import FORMS

Field = dict[str, Any]
_MODELS: Mapping[str, type[BaseModel]] = {
    "applicant": ApplicantSection,
    "contact": ContactSection,
    "partners": PartnerSection,
    "project": ProjectSection,
    "budget": BudgetLine,
}
_LIMITS = {"maxLength": "most", "maximum": "most", "minimum": "least", "pattern": "pattern"}
"""What JSON Schema calls a limit, and what a field does. That a text has a character at all is said by `required`."""


def messages() -> dict[str, dict[str, str]]:
    """The sentences for what a page can find by itself, before anything is sent, by their codes, with their facts in
    braces. Numbers in them are grouped by no-break spaces."""
    return {code: dict(sentence(code)) for code in _words()["messages"]}


def form(programme: Programme) -> dict[str, Any]:
    """The sections of the programme's form with their fields, in order."""
    made = {
        "applicant": [_applicant(programme)],
        "contact": [
            _field(programme, "contact.name", "line"),
            _field(programme, "contact.email", "email"),
            _field(programme, "contact.phone", "phone"),
        ],
        "partners": _partners(programme),
        "project": list(_project(programme)),
        "questions": [_question(one) for one in programme.questions],
        "budget": [_budget(programme)],
        "attachments": _attachments(programme),
    }
    return {"sections": [_section(programme, name, fields) for name, fields in made.items() if fields]}


def _section(programme: Programme, name: str, fields: list[Field]) -> dict[str, Any]:
    words: Mapping[str, Any] = _words()["sections"][name]
    own = programme.form.get(name)
    title = own.label.model_dump() if own and own.label else words["title"]
    help_ = own.help.model_dump() if own and own.help else words.get("help")
    # A section of one field is titled by the field's own words, so both are changed by one name in a programme file.
    return {"id": name, "title": title, "help": help_, "fields": fields}


def _field(programme: Programme, path: str, kind: str, **rules: Any) -> Field:
    """A field: its words, what its model says of it, and what the programme adds to that."""
    section, _, name = path.partition(".")
    limits: Field = _limits(_MODELS[section], name) if name else {"required": True}
    if "options" in rules:
        limits = {"required": limits["required"]}  # what is chosen from a list has the list for its limit
    if "pattern" in limits and name in FORMS:
        limits["expected"] = dict(FORMS[name])
    return {"path": path, "kind": kind, **_told(programme, path), **limits, **rules}


def _told(programme: Programme, path: str) -> dict[str, Any]:
    own, words = programme.form.get(path), _words()["fields"][path]
    return {
        "label": own.label.model_dump() if own and own.label else words["label"],
        "help": own.help.model_dump() if own and own.help else words.get("help"),
    }


@cache
def _words() -> Mapping[str, Any]:
    return tomllib.loads(files("shared").joinpath("form.toml").read_text(encoding="utf-8"))


@cache
def _schema(model: type[BaseModel]) -> Mapping[str, Any]:
    return model.model_json_schema()


def _limits(model: type[BaseModel], name: str) -> dict[str, Any]:
    """What the model says of its field, in a form's words."""
    schema = _schema(model)
    described = schema["properties"][name]
    described = next((one for one in described.get("anyOf", ()) if one["type"] != "null"), described)
    found = {ours: described[theirs] for theirs, ours in _LIMITS.items() if theirs in described}
    return {"required": name in schema["required"], **found}


def _options(choices: Iterable[Any]) -> list[dict[str, Any]]:
    return [{"id": one.id, "label": one.name.model_dump()} for one in choices]


# --- the sections whose fields are made of others ---


def _applicant(programme: Programme) -> Field:
    kinds = [
        {
            "id": kind.id,
            "identified_by": kind.identified_by,
            "label": {"sv": kind.name.sv[0], "en": kind.name.en[0]},
        }
        for kind in programme.applicant_kinds
    ]
    parts = {
        "kind": _field(programme, "applicant.kind", "choice", options=kinds),
        "code": _field(programme, "applicant.code", "line"),
        "organisation_number": _field(programme, "applicant.organisation_number", "line"),
        "name": _field(programme, "applicant.name", "line"),
    }
    return _field(programme, "applicant", "applicant", kinds=kinds, fields=parts)


def _partners(programme: Programme) -> list[Field]:
    limits = programme.limits
    if not limits.most_partners:
        return []
    countries = [{"id": one.code, "label": one.name.model_dump(), "region": one.region} for one in programme.countries]
    parts = {
        "name": _field(programme, "partners.name", "line"),
        "country": _field(programme, "partners.country", "choice", options=countries),
    }
    least, most = limits.least_partners, limits.most_partners
    made = _field(programme, "partners", "partners", least=least, most=most, countries=countries, fields=parts)
    return [{**made, "required": least > 0}]


def _project(programme: Programme) -> Iterator[Field]:
    limits = programme.limits
    yield _field(programme, "project.title", "line")
    yield _field(programme, "project.type", "choice", options=_options(programme.types))
    if programme.core_areas:
        least, most = limits.least_core_areas, limits.most_core_areas
        areas = _options(programme.core_areas)
        made = _field(programme, "project.core_areas", "choices", options=areas, least=least, most=most)
        yield {**made, "required": least > 0}
    yield _field(programme, "project.starts", "month")
    years = _field(programme, "project.years", "integer")
    yield {**years, "most": min(years["most"], max(one.most_years for one in programme.types))}
    yield _field(programme, "project.summary", "prose")


def _question(asked: Question) -> Field:
    made: Field = {
        "path": f"answers.{asked.id}",
        "kind": asked.kind,
        "label": asked.label.model_dump(),
        "help": asked.help.model_dump() if asked.help else None,
        "required": asked.required,
        "types": list(asked.types),
    }
    if asked.kind == "choice":
        return {**made, "options": _options(asked.options)}
    return {**made, "most": asked.most or MOST_ANSWER}


def _budget(programme: Programme) -> Field:
    amount = _limits(BudgetLine, "amount")
    categories = _options(programme.budget_categories)
    return _field(programme, "budget", "budget", categories=categories, amount=amount)


def _attachments(programme: Programme) -> list[Field]:
    if not programme.attachments:
        return []
    kinds = [_attachment_kind(kind) for kind in programme.attachments]
    required = any(kind.attachments for kind in programme.types)
    return [{**_field(programme, "attachments", "attachments", kinds=kinds), "required": required}]


def _attachment_kind(kind: AttachmentKind) -> dict[str, Any]:
    return {
        "id": kind.id,
        "label": kind.name.model_dump(),
        "types": [{"id": one, "name": type_name(one)} for one in kind.types],
        "most_megabytes": kind.most_megabytes,
        "most": kind.most,
    }
