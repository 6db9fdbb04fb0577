"""Letters that applicants get: as staff read those of an announcement before it goes out, and as they came."""

from __future__ import annotations

from infrastructure.cloud.letters import Mail
from infrastructure.operator import preview_marks
from shared import keys, totals
from shared.aws.rows import require_round
from shared.wording import either
from tests.end_to_end.installation import Installation, Json
from tests.end_to_end.waiting import until

Telling = tuple[str, str]
"""Subject and text."""


def previewed(installation: Installation, round_id: str) -> dict[str, Json]:
    """Bertil has everything that goes out written to a folder, and the same told as JSON. The letters by reference."""
    folder = installation.cloud.home / f"preview-{round_id}"
    installation.bertil.anslag("announcement", "preview", round_id, "--folder", str(folder))
    answer = installation.ask(installation.bertil, "GET", f"/staff/rounds/{round_id}/announcement/letters").json()
    letters = {one["reference"]: one for one in answer["letters"]}
    files = {file.stem: file.read_text(encoding="utf-8") for file in (folder / "letters").glob("*.txt")}
    assert files == {
        reference: preview_marks.letter(
            f"{either(one['language'], 'Ämne', 'Subject')}: {one['subject']}\n\n{one['text']}"
        )
        for reference, one in letters.items()
    }
    return letters


def all_told(installation: Installation, round_id: str, *, seconds: float) -> None:
    """Wait until the round has told its applicants everything that it owes them."""

    table = installation.table()

    def look() -> bool:
        call, counted = require_round(table, round_id), table.get(keys.totals_key(round_id)) or {}
        effect = keys.letters_told(totals.outcomes_counted(counted), call.certificates, call.announcement)
        return "done_at" in (table.get(keys.effect_key(round_id, effect)) or {})

    until(look, f"all letters of {round_id}", seconds=seconds, pause=0.5)


def came(installation: Installation, effect: str) -> list[Mail]:
    """What came of an effect, or of all that begin so. Example: decision-letter-7K3M9QXRC-"""
    return [one for one in installation.letters() if one.attributes.get("X-Anslag-Effect", "").startswith(effect)]


def decisions_told(installation: Installation, references: list[str], number: int) -> dict[str, list[Telling]]:
    """The decision letters that came of an announcement, by reference; each should have one at most."""
    effects = {one: keys.decision_letter(one.replace("-", ""), number) for one in references}
    letters = {one: came(installation, effect) for one, effect in effects.items()}
    return {one: [(mail.subject, mail.body) for mail in mails] for one, mails in letters.items() if mails}
