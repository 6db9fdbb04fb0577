"""What both summaries say in the same way: an application in a list, and what is asked for against the budget."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from shared.applications import Application
from shared.letters import bullets, one_line
from shared.programme import Programme
from shared.references import spaced
from shared.rounds import Round
from shared.wording import either, kronor, listed, number, swedish_order

_MOST_NAME, _MOST_TITLE = 100, 120
"""Longer names and titles are cut in lists: the whole of them is in the application."""


def round_name(call: Round, programme: Programme, language: str) -> str:
    """Example: Kommunala partnerskap, Hösten 2019"""
    return f"{programme.name.in_language(language)}, {one_line(call.name[either(language, 'sv', 'en')])}"


def listed_applications(applications: Iterable[Application], language: str, most: int) -> str:
    """Applicant, amount and reference of each application, its title below, in Swedish order.

    Past `most` the rest is counted, so that a letter has a largest size.
    """
    rows = sorted(applications, key=_by_applicant)
    items = [list(_entry(application, language)) for application in rows[:most]]
    left_out = len(rows) - most
    if left_out > 0:
        items.append([either(language, f"och {number(left_out)} till", f"and {number(left_out)} more")])
    return bullets(items)


def _by_applicant(application: Application) -> tuple[object, ...]:
    name = application.current.facts.applicant.name if application.current else ""
    return (*swedish_order(name), application.id)


def _entry(application: Application, language: str) -> Iterator[str]:
    if application.current is None:
        yield spaced(application.id)
        return
    facts = application.current.facts
    name, amount = one_line(facts.applicant.name, _MOST_NAME), kronor(facts.requested, language)
    yield f"{name}, {amount} ({spaced(application.id)})"
    yield one_line(facts.title, _MOST_TITLE)


def against_budget(requested: int, budget: int | None, language: str) -> list[tuple[str, str]]:
    """The sum of what is asked for, the budget, and what the difference means; no budget, no comparison."""
    asked = (either(language, "Sökt belopp", "Requested"), kronor(requested, language))
    if budget is None:
        return [asked]
    left = budget - requested
    if left > 0:
        told = either(
            language, f"{kronor(left, language)} mer än sökt", f"{kronor(left, language)} more than requested"
        )
    elif left == 0:
        told = either(language, "lika mycket som sökt", "exactly what is requested")
    else:
        told = either(
            language,
            f"{kronor(-left, language)} mindre än sökt",
            f"{kronor(-left, language)} less than requested",
        )
    return [asked, (either(language, "Budget", "Budget"), f"{kronor(budget, language)} ({told})")]


def counted_words(counts: Iterable[tuple[int, Mapping[str, tuple[str, str]]]], language: str) -> str:
    """The counts that are not zero, each with its words for one and many. Example: 3 nya, 1 ändrad"""
    known = either(language, "sv", "en")
    return listed((f"{number(n)} {words[known][0 if n == 1 else 1]}" for n, words in counts if n), language)
