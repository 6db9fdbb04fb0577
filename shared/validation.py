"""The application's rules: every problem at once, each where it stands.

A document is read in one strict pass. Where that fails, each part that can be read by itself still meets the
programme's rules, so that a missing e-mail address does not hide a budget above its cap.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from shared.answers import answer_problems
from shared.applicants import Applicant, identify
from shared.document import (
    MOST_DOCUMENT_BYTES,
    ApplicantSection,
    AttachmentSection,
    BudgetLine,
    ContactSection,
    Document,
    PartnerSection,
    ProjectSection,
    Prose,
)
from shared.files import type_name
from shared.problems import Problem, problem
from shared.programme import ApplicationType, AttachmentKind, Cap, Programme, names

Section = TypeVar("Section", bound=BaseModel)

MOST_PROBLEMS = 100
"""How many problems are told of one document. More than a person mends at a time, and what a row of DynamoDB's (400 KB)
has room for; whoever wrote the document by hand may have made any number."""
_MOST_READ = 250
"""How much of a list is read one by one where the whole is not what it should be: more than any may have."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rules say of a document: either problems, or the document and who applies."""

    problems: tuple[Problem, ...]
    document: Document | None = None
    applicant: Applicant | None = None
    contact: Mapping[str, Any] | None = None
    """Whom to tell, where that much could be read."""


def judge(raw: bytes, programme: Programme) -> Verdict:
    """Every problem of the document against its own shape and the programme's rules."""
    if len(raw) > MOST_DOCUMENT_BYTES:
        return Verdict((problem("document-too-large", most=MOST_DOCUMENT_BYTES),))
    try:
        document = Document.model_validate_json(raw)
    except ValidationError as error:
        shape = islice(error.errors(include_url=False, include_input=False), MOST_PROBLEMS + 1)
        parts = _readable(raw)
        return Verdict(_told([*map(shape_problem, shape), *_rules(parts, programme)[1]]), contact=_contact(parts))
    parts = _Parts.of(document)
    applicant, problems = _rules(parts, programme)
    if problems:
        return Verdict(_told(problems), contact=_contact(parts))
    return Verdict((), document, applicant, _contact(parts))


def _told(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    if len(problems) <= MOST_PROBLEMS:
        return tuple(problems)
    return (*problems[:MOST_PROBLEMS], problem("more-problems"))


def _contact(parts: _Parts) -> Mapping[str, Any] | None:
    return parts.contact.model_dump(exclude_none=True) if parts.contact else None


# --- shape: pydantic's findings in our words ---

_CODES: Mapping[str, str] = {
    "missing": "missing",
    "extra_forbidden": "unknown-field",
    "string_type": "not-text",
    "int_type": "not-whole-number",
    "int_from_float": "not-whole-number",
    "int_parsing": "not-whole-number",
    "list_type": "not-list",
    "model_type": "not-object",
    "model_attributes_type": "not-object",
    "dict_type": "not-object",
    "bad_characters": "bad-characters",
    "json_invalid": "not-json",
    "string_unicode": "not-json",
}
_LIMITS: Mapping[str, tuple[str, str, str]] = {
    "string_too_short": ("too-short", "least", "min_length"),
    "string_too_long": ("too-long", "most", "max_length"),
    "too_short": ("too-few", "least", "min_length"),
    "too_long": ("too-many", "most", "max_length"),
    "greater_than_equal": ("too-small", "least", "ge"),
    "less_than_equal": ("too-great", "most", "le"),
}
FORMS: Mapping[str, Mapping[str, str]] = {
    "starts": {"sv": "ÅÅÅÅ-MM, till exempel 2020-01", "en": "YYYY-MM, for instance 2020-01"},
    "country": {"sv": "två stora bokstäver, till exempel KE", "en": "two capital letters, for instance KE"},
    "code": {"sv": "siffror, till exempel 2581", "en": "digits, for instance 2581"},
    "phone": {"sv": "+46 920 12 34 56", "en": "+46 920 12 34 56"},
    "sha256": {"sv": "64 hexadecimala tecken", "en": "64 hexadecimal characters"},
    "type": {"sv": "programmets egen beteckning", "en": "the programme's own identifier"},
}
"""How a field is to be written, by its name; pages say the same."""


def shape_problem(error: ErrorDetails) -> Problem:
    """One finding of pydantic's as a problem of ours."""
    path = ".".join(str(step) for step in error["loc"])
    kind, facts = error["type"], error.get("ctx", {})
    if kind in _LIMITS:
        code, name, limit = _LIMITS[kind]
        if code == "too-short" and facts[limit] == 1:
            return problem("missing", path)
        return problem(code, path, **{name: facts[limit]})
    if kind == "literal_error":
        allowed = str(facts["expected"]).replace("'", "")
        return problem("not-one-of", path, allowed={"sv": allowed.replace(" or ", " eller "), "en": allowed})
    if kind == "string_pattern_mismatch":
        field = path.rpartition(".")[2]
        if field == "email":
            return problem("bad-email", path)
        return problem("bad-format", path, expected=FORMS.get(field, {"sv": "a-z, 0-9, -", "en": "a-z, 0-9, -"}))
    return problem(_CODES.get(kind, "invalid"), path)


# --- the parts that can be read ---


@dataclass(frozen=True, slots=True)
class _Parts:
    """What could be read, field by field. A list keeps each item's place; `whole` names what lacks nothing."""

    heading: Mapping[str, Any]
    applicant: ApplicantSection | None
    contact: ContactSection | None
    project: Mapping[str, Any]
    partners: Sequence[tuple[int, Mapping[str, Any]]]
    budget: Sequence[tuple[int, Mapping[str, Any]]]
    attachments: Sequence[tuple[int, Mapping[str, Any]]]
    answers: Mapping[str, str | None]
    """None for an answer that is there and cannot be read."""
    whole: frozenset[str] = frozenset({"partners", "budget", "attachments", "answers"})

    @classmethod
    def of(cls, document: Document) -> _Parts:
        return cls(
            {"programme": document.programme, "language": document.language},
            document.applicant,
            document.contact,
            document.project.model_dump(),
            _placed(document.partners),
            _placed(document.budget),
            _placed(document.attachments),
            document.answers,
        )


def _placed(items: Iterable[BaseModel]) -> tuple[tuple[int, dict[str, Any]], ...]:
    return tuple((index, item.model_dump()) for index, item in enumerate(items))


_LISTS: Mapping[str, type[BaseModel]] = {
    "partners": PartnerSection,
    "budget": BudgetLine,
    "attachments": AttachmentSection,
}
_NOTHING = _Parts({}, None, None, {}, (), (), (), {}, frozenset())


def _readable(raw: bytes) -> _Parts:
    try:
        document = json.loads(raw)
        return _parts(document) if isinstance(document, dict) else _NOTHING
    except (ValueError, RecursionError):
        return _NOTHING


def _parts(document: Mapping[str, Any]) -> _Parts:
    lists = {name: _items(model, document.get(name)) for name, model in _LISTS.items()}
    answers = document.get("answers", {})
    whole = {name for name, model in _LISTS.items() if _whole(model, document.get(name))}
    return _Parts(
        {name: document[name] for name in ("programme", "language") if isinstance(document.get(name), str)},
        _section(ApplicantSection, document.get("applicant")),
        _section(ContactSection, document.get("contact")),
        _fields(ProjectSection, document.get("project")),
        lists["partners"],
        lists["budget"],
        lists["attachments"],
        {name: _answer(given) for name, given in islice(answers.items(), _MOST_READ)}
        if isinstance(answers, dict)
        else {},
        frozenset(whole | ({"answers"} if isinstance(answers, dict) else set())),
    )


def _section(model: type[Section], given: Any) -> Section | None:
    try:
        # Through JSON again, because strictness differs between JSON and Python values.
        return model.model_validate_json(json.dumps(given))
    except ValidationError:
        return None


def _fields(model: type[BaseModel], given: Any) -> dict[str, Any]:
    if not isinstance(given, dict):
        return {}
    read: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        try:
            rules = Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation
            read[name] = TypeAdapter(rules).validate_json(json.dumps(given[name]), strict=True)
        except (KeyError, ValidationError):
            continue
    return read


def _answer(given: Any) -> str | None:
    try:
        return TypeAdapter[str](Prose).validate_python(given, strict=True)
    except ValidationError:
        return None


def _items(model: type[BaseModel], given: Any) -> list[tuple[int, dict[str, Any]]]:
    if not isinstance(given, list):
        return []
    return [(index, _fields(model, item)) for index, item in enumerate(given[:_MOST_READ])]


def _whole(model: type[BaseModel], given: Any) -> bool:
    if not isinstance(given, list) or len(given) > _MOST_READ:
        return False
    return all(_section(model, item) is not None for item in given)


# --- rules ---


def _rules(parts: _Parts, programme: Programme) -> tuple[Applicant | None, tuple[Problem, ...]]:
    applicant: Applicant | None = None
    problems: list[Problem] = [*_heading_problems(parts, programme)]
    if parts.applicant is not None:
        applicant, found = identify(parts.applicant, programme)
        problems += found
    problems += _partner_problems(parts, programme)
    problems += _project_problems(parts.project, programme)
    if "answers" in parts.whole:
        problems += answer_problems(parts.answers, _type(parts.project, programme), programme)
    problems += _budget_problems(parts, programme)
    problems += _attachment_problems(parts, programme)
    return applicant, tuple(problems)


def _heading_problems(parts: _Parts, programme: Programme) -> Iterator[Problem]:
    if parts.heading.get("programme", programme.key) != programme.key:
        yield problem("wrong-programme", "programme", expected=programme.name.model_dump())
    language = parts.heading.get("language")
    if language in ("sv", "en") and language not in programme.languages:
        yield problem("not-one-of", "language", allowed=", ".join(programme.languages))


def _partner_problems(parts: _Parts, programme: Programme) -> Iterator[Problem]:
    limits, eligible = programme.limits, {country.code for country in programme.countries}
    if "partners" in parts.whole and len(parts.partners) < limits.least_partners:
        yield problem("too-few-partners", "partners", least=limits.least_partners)
    if len(parts.partners) > limits.most_partners:
        yield problem("too-many-partners", "partners", most=limits.most_partners)
    for index, partner in parts.partners:
        country = partner.get("country")
        if limits.most_partners and country is not None and country not in eligible:
            path, allowed = f"partners.{index}.country", names(programme.countries)
            yield problem("country-not-eligible", path, given=country, allowed=allowed)


def _project_problems(project: Mapping[str, Any], programme: Programme) -> Iterator[Problem]:
    kind = _type(project, programme)
    if kind is None and "type" in project:
        yield problem("unknown-type", "project.type", allowed=names(programme.types))
    if kind is not None and project.get("years", 0) > kind.most_years:
        yield problem("too-many-years", "project.years", most=kind.most_years)
    if "core_areas" in project:
        yield from _core_area_problems(project["core_areas"], programme)


def _core_area_problems(areas: Sequence[str], programme: Programme) -> Iterator[Problem]:
    limits, known = programme.limits, {area.id for area in programme.core_areas}
    for index, area in enumerate(areas):
        if area not in known:
            yield problem("unknown-core-area", f"project.core_areas.{index}", allowed=names(programme.core_areas))
        elif area in areas[:index]:
            yield problem("named-twice", f"project.core_areas.{index}")
    if len(areas) < limits.least_core_areas:
        yield problem("too-few-core-areas", "project.core_areas", least=limits.least_core_areas)
    if len(set(areas)) > limits.most_core_areas:
        yield problem("too-many-core-areas", "project.core_areas", most=limits.most_core_areas)


def _budget_problems(parts: _Parts, programme: Programme) -> Iterator[Problem]:
    if "budget" in parts.whole and not parts.budget:
        yield problem("budget-empty", "budget")
    known, years = {category.id for category in programme.budget_categories}, parts.project.get("years")
    seen: set[tuple[int, str]] = set()
    for index, line in parts.budget:
        year, category = line.get("year"), line.get("category")
        if category is not None and category not in known:
            allowed = names(programme.budget_categories)
            yield problem("unknown-category", f"budget.{index}.category", allowed=allowed)
        elif year is not None and category is not None:
            if (year, category) in seen:
                yield problem("named-twice", f"budget.{index}")
            seen.add((year, category))
        if year is not None and years is not None and year > years:
            yield problem("budget-year-outside", f"budget.{index}.year", year=year, years=years)
    kind = _type(parts.project, programme)
    if kind is not None and {"partners", "budget"} <= parts.whole:
        yield from _cap_problems(parts, kind, programme)


def _cap_problems(parts: _Parts, kind: ApplicationType, programme: Programme) -> Iterator[Problem]:
    regions = {country.code: country.region for country in programme.countries}
    countries = {partner["country"] for _, partner in parts.partners}
    limits = programme.limits
    if not (countries <= regions.keys() and limits.least_partners <= len(parts.partners) <= limits.most_partners):
        return  # Said already, and without it there is no telling which cap applies.
    cap = kind.cap(1 + len(parts.partners), frozenset(regions[country] for country in countries))
    if cap is None:
        yield problem("no-cap", "project.type")
        return
    yield from _above(cap, parts.budget)


def _above(cap: Cap, budget: Iterable[tuple[int, Mapping[str, Any]]]) -> Iterator[Problem]:
    by_year: Counter[int] = Counter()
    for _, line in budget:
        by_year[line["year"]] += line["amount"]
    if cap.per == "project":
        asked = by_year.total()
        if asked > cap.amount:
            yield problem("above-cap", "budget", requested=asked, cap=cap.amount, excess=asked - cap.amount)
        return
    for year, asked in sorted(by_year.items()):
        if asked > cap.amount:
            facts = {"requested": asked, "cap": cap.amount, "excess": asked - cap.amount}
            yield problem("above-cap-in-year", "budget", year=year, **facts)


def _attachment_problems(parts: _Parts, programme: Programme) -> Iterator[Problem]:
    kinds = {kind.id: kind for kind in programme.attachments}
    seen: set[str] = set()
    for index, file in parts.attachments:
        path = f"attachments.{index}"
        if "kind" in file and file["kind"] not in kinds:
            yield problem("unknown-attachment-kind", f"{path}.kind", allowed=names(programme.attachments))
        elif "kind" in file:
            yield from _file_problems(path, file, kinds[file["kind"]])
        if file.get("sha256") in seen:
            yield problem("named-twice", path)
        seen.update({file["sha256"]} if "sha256" in file else ())
    given = Counter(file.get("kind") for _, file in parts.attachments)
    for kind in programme.attachments:
        if given[kind.id] > kind.most:
            yield problem("too-many-of-kind", "attachments", most=kind.most, name=kind.name.model_dump())
    asking = _type(parts.project, programme)
    for name in asking.attachments if asking is not None and "attachments" in parts.whole else ():
        if not given[name]:
            yield problem("attachment-missing", "attachments", name=kinds[name].name.model_dump())


def _file_problems(path: str, file: Mapping[str, Any], kind: AttachmentKind) -> Iterator[Problem]:
    if file.get("type", kind.types[0]) not in kind.types:
        allowed = ", ".join(type_name(one) for one in kind.types)
        yield problem("type-not-allowed", f"{path}.type", name=kind.name.model_dump(), allowed=allowed)
    if file.get("size", 0) > kind.most_bytes:
        yield problem("file-too-large", f"{path}.size", most=kind.most_megabytes)


def _type(project: Mapping[str, Any], programme: Programme) -> ApplicationType | None:
    return next((kind for kind in programme.types if kind.id == project.get("type")), None)
