"""Letters to holders of drafts: how long there is, how to get back, and no link."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.letters import Letter
from shared.notice_letter import notice_letter
from shared.notices import Notice, NoticeKind
from tests.builders.texts import CLOSES, a_round, an_application, as_sent, golden, partnership, too_wide

KINDS = {NoticeKind.WEEK: timedelta(days=7), NoticeKind.EXTENSION: timedelta(days=3)}


def told(kind: NoticeKind, language: str) -> Letter:
    notice = Notice(kind, CLOSES)
    return notice_letter(notice, an_application(language=language), a_round(), partnership(), CLOSES - KINDS[kind])


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize("kind", KINDS)
def test_letters_read_as_agreed(kind: NoticeKind, language: str) -> None:
    letter = told(kind, language)
    assert as_sent(letter) == golden(f"notice-{kind}.{language}.txt")
    assert too_wide(letter.text) == []


@pytest.mark.parametrize("language", ["sv", "en"])
def test_no_notice_holds_a_link(language: str) -> None:
    assert [secret for secret in ("a-hash", "http", "#") if secret in as_sent(told(NoticeKind.WEEK, language))] == []
