"""Decision lists that people hand in: workbooks and CSV files, read on their own machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from infrastructure.operator import cells, failures
from infrastructure.operator.desk import Desk
from shared.problems import ProblemsError, problem

if TYPE_CHECKING:
    from infrastructure.operator.workbook.reading import Found

_MOST_NAMED = 10


def read(desk: Desk, path: Path) -> bytes:
    """The file, or the end of the command."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise unusable(desk, path, error) from error


def read_rows(desk: Desk, content: bytes) -> Found:
    """The rows of a workbook. Says what was read although nobody sees it."""
    from infrastructure.operator.workbook.reading import read_workbook  # noqa: PLC0415  no other command needs it

    try:
        found = read_workbook(content)
    except ProblemsError as error:
        raise desk.end(failures.refused(*error.problems)) from error
    if found.hidden_rows:
        rows = ", ".join(map(str, found.hidden_rows[:_MOST_NAMED]))
        more = len(found.hidden_rows) - _MOST_NAMED
        desk.note(
            f"Dolda rader lästes som alla andra: {rows}{f' och {more} till' if more > 0 else ''}.",
            f"Hidden rows were read like all others: {rows}{f' and {more} more' if more > 0 else ''}.",
        )
    if found.hidden_columns:
        names = ", ".join(found.hidden_columns)
        desk.note(f"Dolda kolumner lästes också: {names}.", f"Hidden columns were read too: {names}.")
    return found


def require_utf_8(desk: Desk, content: bytes) -> None:
    """A CSV file in another encoding is refused here: on its way it would lose its å, ä and ö unseen."""
    try:
        content.decode()
    except UnicodeDecodeError:
        raise desk.end(failures.refused(problem("csv-unreadable"))) from None


def unusable(desk: Desk, path: Path, error: OSError) -> Any:
    """The end of a command whose file cannot be read or written. Raise what this returns."""
    name, reason = cells.plain(str(path)), error.strerror or str(error)
    return desk.refuse(f"{name} går inte att använda: {reason}.", f"{name} cannot be used: {reason}.")
