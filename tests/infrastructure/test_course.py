"""The course of a load: happenings in the middle of it, whatever its size."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from infrastructure.demo.course import CalledOffError, Course

PARTS, AT_ONCE = (0.7, 0.3, 0.45), 4


@pytest.mark.parametrize("count", [60, 61, 200])
def test_every_happening_has_a_part_of_the_load_before_it_and_after_it_however_quick_that_is(count: int) -> None:
    course, done = Course(count, PARTS, AT_ONCE), list[int]()

    def work(number: int) -> None:
        course.wait_for_turn(number)
        done.append(number)

    with ThreadPoolExecutor(AT_ONCE) as crowd:
        for number in range(count):
            crowd.submit(work, number)
        seen = []
        for place in course.places:
            while len(done) < place:
                time.sleep(0.001)
            time.sleep(0.05)  # a happening takes a while, and the load goes on meanwhile
            seen.append(len(done))
            course.one_is_over()
    assert seen == [*course.places[1:], count - AT_ONCE]
    assert sorted(done) == list(range(count))


def test_whoever_waits_for_a_turn_is_told_when_the_load_is_called_off() -> None:
    course = Course(60, PARTS, AT_ONCE)
    with ThreadPoolExecutor(1) as crowd:
        waiting = crowd.submit(course.wait_for_turn, 59)
        threading.Timer(0.01, course.call_off).start()
        with pytest.raises(CalledOffError):
            waiting.result(timeout=10)


def test_a_load_that_is_too_small_for_its_happenings_is_refused() -> None:
    with pytest.raises(ValueError, match="too few"):
        Course(5, PARTS, AT_ONCE)
