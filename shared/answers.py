"""Answers to a programme's own questions, against what it asks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from shared.document import LINE_BREAKS, MOST_ANSWER
from shared.problems import Problem, problem
from shared.programme import ApplicationType, Programme, Question, names


def answer_problems(
    answers: Mapping[str, str | None], kind: ApplicationType | None, programme: Programme
) -> Iterator[Problem]:
    """Every problem of the answers; None is an answer that is there and could not be read. Where the type of
    application is unknown, an answer that only some types ask for is let be."""
    asked = {one.id: one for one in programme.questions if one.is_asked(kind.id if kind else None)}
    known = asked if kind else {one.id: one for one in programme.questions}
    for name in sorted(answers.keys() - known.keys()):
        yield problem("question-not-asked", f"answers.{name}")
    for name, question in known.items():
        path, answer = f"answers.{name}", answers.get(name)
        if question.required and name in asked and name not in answers:
            yield problem("missing", path)
        elif answer is not None:
            yield from _problems_of(path, answer, question)


def _problems_of(path: str, answer: str, question: Question) -> Iterator[Problem]:
    if question.kind == "choice":
        if answer not in {option.id for option in question.options}:
            yield problem("not-one-of", path, allowed=names(question.options))
        return
    most = question.most or MOST_ANSWER
    if len(answer) > most:
        yield problem("too-long", path, most=most)
    if question.kind == "line" and LINE_BREAKS & set(answer):
        yield problem("bad-characters", path)
