"""Letters are plain text on short lines, made of blocks, with a subject that mail services take."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shared.aws.messages import subject_line
from shared.letters import Letter, bullets, labelled, letter, numbered, one_line, paragraph, section
from tests.builders.texts import too_wide


def test_a_letter_is_its_blocks_with_empty_lines_between() -> None:
    assert letter("Ämne", "Rubrik", "", "Brödtext") == Letter("Ämne", "Rubrik\n\nBrödtext\n")


def test_a_subject_has_plain_spaces_and_one_line() -> None:
    assert letter("10\u00a0641\u00a0000\nkronor", "x").subject == "10 641 000 kronor"


def test_a_long_subject_is_cut_where_it_still_fits() -> None:
    subject = letter("ord " * 30, "x").subject
    assert (subject, len(subject)) == ("ord " * 24 + "or…", 99)


@given(st.text(max_size=300))
def test_every_subject_is_one_that_sns_takes_unchanged(text: str) -> None:
    subject = letter(text, "x").subject
    assert subject == subject_line(subject)


def test_an_items_further_lines_stand_below_its_first() -> None:
    assert bullets([["Piteå", "Unga"], ["Umeå"]]) == "- Piteå\n  Unga\n- Umeå"


def test_lists_in_lists_are_set_in() -> None:
    assert bullets([["Titel", "Projekt"]], mark="* ", margin="  ") == "  * Titel\n    Projekt"


def test_numbers_set_their_lines_in_by_their_own_width() -> None:
    lines = numbered(["ett " * 20] * 10).split("\n")
    assert [lines[0][:6], lines[1][:6], lines[-2][:7], lines[-1][:7]] == ["1. ett", "   ett", "10. ett", "    ett"]


def test_references_and_double_names_are_not_broken_at_their_hyphens() -> None:
    assert paragraph("x" * 67, "Malung-Sälen").split("\n") == ["x" * 67, "Malung-Sälen"]
    assert paragraph("x" * 67, "7K3M-9QXR-C").split("\n") == ["x" * 67, "7K3M-9QXR-C"]


def test_sums_are_not_broken_at_their_spaces() -> None:
    assert paragraph("x" * 70, "10\u00a0641\u00a0000\u00a0kronor") == f"{'x' * 70}\n10\u00a0641\u00a0000\u00a0kronor"


def test_what_has_no_value_is_left_out() -> None:
    assert labelled([("Sökt", "1 krona"), ("Budget", "")]) == "Sökt: 1 krona"
    assert section("Nya ansökningar", "", "") == ""
    assert paragraph("", "En mening.", "") == "En mening."


def test_a_cut_text_says_that_it_is_cut() -> None:
    assert (one_line("Jämlik  cancervård\n", 50), one_line("Jämlik cancervård", 8)) == ("Jämlik cancervård", "Jämlik…")


@given(st.lists(st.text(max_size=400), max_size=4))
def test_no_line_is_too_wide(texts: list[str]) -> None:
    blocks = (
        paragraph(*texts),
        bullets([texts], margin="    "),
        numbered(texts),
        labelled((text, text) for text in texts),
    )
    assert [too_wide(block) for block in blocks] == [[], [], [], []]
