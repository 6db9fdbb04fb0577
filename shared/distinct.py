"""Distinct applicants, each body counted once: by identity, under one kind, whatever it called itself when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from shared.applicants import Applicant
from shared.programme import Programme
from shared.wording import counted, either, listed, swedish_order


def distinct(applicants: Iterable[Applicant], programme: Programme) -> dict[str, Applicant]:
    """The one applicant that stands for each identity.

    Gotland as municipality and as region is Gotland the municipality, because the programme names that kind
    first; a body that has spelled its name in two ways goes by the first of them in Swedish order.
    """
    kinds = [kind.id for kind in programme.applicant_kinds]
    ranked = sorted(applicants, key=lambda one: (kinds.index(one.kind), swedish_order(one.name)))
    standing: dict[str, Applicant] = {}
    for applicant in ranked:
        standing.setdefault(applicant.identity, applicant)
    return standing


def by_kind(applicants: Iterable[Applicant], programme: Programme) -> dict[str, int]:
    """How many distinct applicants of each kind that there are any of, in the programme's order."""
    kinds = [applicant.kind for applicant in distinct(applicants, programme).values()]
    return {kind.id: kinds.count(kind.id) for kind in programme.applicant_kinds if kind.id in kinds}


def kinds_in_words(counts: Mapping[str, int], programme: Programme, language: str) -> str:
    """Example: 10 kommuner och 1 region"""
    nouns = {kind.id: kind.name for kind in programme.applicant_kinds}
    known = either(language, "sv", "en")
    return listed((counted(count, getattr(nouns[kind], known)) for kind, count in counts.items()), language)
