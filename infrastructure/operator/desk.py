"""What every command works at: the API, two streams to write to, a language. Failures end here, in words."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import typer
from rich.console import Console, RenderableType

from infrastructure.operator import cells, failures, output
from infrastructure.operator.access import Access, Place, find_access, find_public_access
from infrastructure.operator.api import Api
from infrastructure.operator.failures import CommandError
from infrastructure.operator.several import in_order
from shared.problems import Problem, grouped
from shared.wording import either


class Desk:
    """One run of the command. What people read goes to `out` and, about progress and failure, to `err`.

    With `as_json` standard output has one JSON document and nothing else: the answer, or the problems.
    """

    def __init__(self, place: Place, language: str, *, as_json: bool, out: Console, err: Console) -> None:
        self.language = language
        self.as_json = as_json
        self.out = out
        self.err = err
        self.place = place

    @classmethod
    def of(cls, context: typer.Context) -> Desk:
        """The desk that the options before the command made."""
        desk = context.obj
        if not isinstance(desk, cls):
            raise TypeError("no desk")
        return desk

    @property
    def width(self) -> int:
        """How many columns a line of text may take."""
        return min(self.out.width, output.WIDTH)

    def say(self, sv: str, en: str) -> str:
        """The words in the chosen language."""
        return either(self.language, sv, en)

    def get(self, *path: str, query: Mapping[str, str] | None = None) -> Any:
        """The JSON at that address of the API, or the end of the command."""
        with self._asking():
            return self._api.get(*path, query=query)

    def get_public(self, *path: str) -> Any:
        """The JSON at an address that everybody may read, or the end of the command."""
        with self._asking():
            return Api(find_public_access(self.place), self.language).get(*path)

    def get_each(self, paths: Sequence[Sequence[str]], at_once: int) -> Iterator[Any]:
        """The JSON at each of these addresses, in their order and so many at once, or the end of the command at the
        first that fails. Whoever waits sees how many have been answered."""
        own = threading.local()  # requests does not promise that threads can share a session
        with self._asking() as tell:
            access = self._access

            def get(path: Sequence[str]) -> Any:
                if not hasattr(own, "api"):
                    own.api = Api(access, self.language)
                return own.api.get(*path)

            total = grouped(len(paths))
            for number, answer in enumerate(in_order(get, paths, at_once), 1):
                yield answer
                tell(self.say(f"{grouped(number)} av {total}", f"{grouped(number)} of {total}"))

    def get_bytes(self, *path: str) -> bytes:
        """What is at that address, as it is, or the end of the command."""
        with self._asking():
            return self._api.get_bytes(*path)

    def post(self, *path: str, body: Mapping[str, Any]) -> Any:
        """What the API answers to that body, or the end of the command."""
        with self._asking(changes=True):
            return self._api.post(*path, body=body)

    def put(
        self, *path: str, content: bytes, media_type: str, placed: Callable[[Problem], Problem] = lambda found: found
    ) -> Any:
        """What the API answers to that content, or the end of the command. `placed` tells where in the person's own
        file a problem is."""
        with self._asking(changes=True, placed=placed):
            return self._api.put(*path, content=content, media_type=media_type)

    def round(self, round_id: str) -> Mapping[str, Any]:
        """The round, whose time zone and programme say how other answers are to be read."""
        call: Mapping[str, Any] = self.get("staff", "rounds", round_id)["round"]
        return call

    def show(self, answer: Any, view: Callable[[], Iterable[RenderableType]]) -> None:
        """The answer as JSON, or as the view has it."""
        if self.as_json:
            self._print_json(answer)
            return
        output.print_parts(self.out, view())

    def note(self, sv: str, en: str) -> None:
        """Something to know beside the answer, which has its own stream."""
        self.err.print(cells.plain(self.say(sv, en)), soft_wrap=True)

    def end(self, error: CommandError) -> typer.Exit:
        """Tell every problem on a line of its own. Raise what this returns."""
        if self.as_json:
            self._print_json({"problems": [found.as_json() for found in error.problems]})
        for found in error.problems:
            self.err.print(cells.plain(cells.told(found, self.language)), style="red", soft_wrap=True)
        return typer.Exit(int(error.exit_code))

    def refuse(self, sv: str, en: str) -> typer.Exit:
        """The end of a command that cannot be used so. Raise what this returns."""
        return self.end(failures.unusable(sv, en))

    @cached_property
    def _access(self) -> Access:
        return find_access(self.place)

    @cached_property
    def _api(self) -> Api:
        return Api(self._access, self.language)

    @contextmanager
    def _asking(
        self, *, changes: bool = False, placed: Callable[[Problem], Problem] = lambda found: found
    ) -> Iterator[Callable[[str], None]]:
        try:
            with self._progress() as tell:
                yield tell
        except KeyboardInterrupt:
            # What was only half made complains while Python clears it away (since 3.13), and nobody can do anything.
            sys.unraisablehook = lambda _: None
            if changes:
                self.err.print(
                    self.say(
                        "Avbrutet. Ändringen kan ha hunnit göras: se efter innan du försöker igen.",
                        "Interrupted. The change may have been made: look before you try again.",
                    )
                )
            raise
        except CommandError as error:
            told = CommandError(error.exit_code, [placed(found) for found in error.problems])
            raise self.end(told) from error

    @contextmanager
    def _progress(self) -> Iterator[Callable[[str], None]]:
        """That something goes on, and what is told of how far it is."""
        if not self.err.is_terminal:
            yield lambda _: None
            return
        asking = self.say("Frågar tjänsten …", "Asking the service …")
        with self.err.status(asking) as shown:
            yield lambda told: shown.update(f"{asking} {told}")

    def _print_json(self, document: Any) -> None:
        # JSON is UTF-8, whatever the terminal is.
        typer.echo(json.dumps(document, ensure_ascii=False, indent=2).encode())
