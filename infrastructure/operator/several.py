"""Several questions at once, and their answers in order."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from queue import SimpleQueue
from typing import TypeVar

Question = TypeVar("Question")
Answer = TypeVar("Answer")


def in_order(ask: Callable[[Question], Answer], questions: Iterable[Question], at_once: int) -> Iterator[Answer]:
    """The answer to each question, in the order of the questions, with `at_once` asked at the same time. Twice as many
    are begun or kept at most. Raises what the first question in that order raised that failed, and asks no more.

    The threads are daemons: whoever presses Ctrl-C does not wait for answers that nobody wants any more, as Python
    does at its end for those of a ThreadPoolExecutor.
    """
    asked: SimpleQueue[tuple[Question, Future[Answer]] | None] = SimpleQueue()
    waiting: deque[Future[Answer]] = deque()
    for _ in range(at_once):
        threading.Thread(target=_work, args=(ask, asked), daemon=True).start()
    try:
        for question in questions:
            if len(waiting) == 2 * at_once:
                yield waiting.popleft().result()
            waiting.append(Future())
            asked.put((question, waiting[-1]))
        while waiting:
            yield waiting.popleft().result()
    finally:
        for left in waiting:
            left.cancel()
        for _ in range(at_once):
            asked.put(None)


def _work(ask: Callable[[Question], Answer], asked: SimpleQueue[tuple[Question, Future[Answer]] | None]) -> None:
    while (one := asked.get()) is not None:
        question, future = one
        if not future.set_running_or_notify_cancel():
            continue
        try:
            future.set_result(ask(question))
        except BaseException as error:  # noqa: BLE001  raised where the answer is looked for
            future.set_exception(error)
