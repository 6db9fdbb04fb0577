"""An announced round's pages and data, written until all of them are there: dead half-way, the next try writes them
again, and the same announcements give the same bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime

from shared import keys
from shared.aws.effects import BusyError, Effects
from shared.aws.public_files import PublicFiles
from shared.aws.rows import read_rounds, require_round
from shared.aws.table import Table
from shared.results.everything import File, overview_files, round_files
from shared.results.publication import Announcement, Publication
from shared.rounds import Round


@dataclass(frozen=True, slots=True)
class Publishing:
    """What publish works with. `address` is that of the pages, without a slash at its end."""

    table: Table
    effects: Effects
    public: PublicFiles
    address: str
    now: Callable[[], datetime]

    def publish(self, round_id: str) -> int | None:
        """Write the files of the round's last announcement. Returns how many, or None where that was done or is being
        done, by whoever writes those of an earlier announcement too. Raises ProblemsError for an unknown round."""
        call = require_round(self.table, round_id)
        if call.announcement is None:
            return None
        try:
            with ExitStack() as stack:
                mine = self._claim(stack, call.id, call.announcement)
                if keys.result_pages(call.announcement) not in mine:
                    return None
                written = self._write(round_files(self._read(call), self.address)) + self._write_lists()
                # The last one last: until it is done, the scheduled job asks again.
                for effect in mine:
                    self.effects.done(round_id, effect, self.now(), files=written)
                return written
        except BusyError:
            return None

    def _claim(self, stack: ExitStack, round_id: str, last: int) -> list[str]:
        """The effects that are now ours: that of this announcement and of all before it that were not had. Who holds
        them keeps everybody else from putting earlier pages in the place of later ones."""
        effects = [keys.result_pages(number) for number in range(1, last + 1)]
        return [one for one in effects if stack.enter_context(self.effects.once(round_id, one, self.now()))]

    def _read(self, call: Round) -> Publication:
        """What went out of the round: a correction that was claimed and not yet published is none."""
        items = self.table.query(keys.round_partition(call.id), keys.ANNOUNCEMENTS)
        return Publication.of(
            Announcement.of(item["document"], item["texts"]) for item in items if "published_at" in item
        )

    def _write_lists(self) -> int:
        """What lists all rounds. Again where one was announced meanwhile: another copy of this may have written its
        lists before, and whoever writes last must have seen everything."""
        written, seen = 0, None
        while (announced := _announced(read_rounds(self.table))) != seen:
            seen = announced
            publications = [self._read(call) for call in announced]
            written += self._write(overview_files(publications, self.address))
        return written

    def _write(self, files: Iterable[File]) -> int:
        written = 0
        for file in files:
            self.public.publish_file(file.path, file.media_type, file.text)
            written += 1
        return written


def _announced(rounds: Iterable[Round]) -> list[Round]:
    return [call for call in rounds if call.announcement is not None]
