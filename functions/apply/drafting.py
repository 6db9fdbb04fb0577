"""What an applicant has typed and not sent yet: kept on the server, so that another device or a colleague goes on.

A draft is any JSON object; nothing here looks into it. Each save names the revision that it was made from, and holds
only while that is the stored one: of two people who write at once, the second is told, and overwrites nothing unseen.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

from boto3.dynamodb.conditions import Attr
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from functions.apply.holding import Held, hold
from shared import keys
from shared.applications import DRAFT_LIFETIME
from shared.aws.table import ABSENT, PRESENT, ConditionFailedError, Item, Put, Table, Update
from shared.instants import iso, whole_second
from shared.links import Link
from shared.problems import ProblemsError, problem, refuse

_RENEWED_EVERY = timedelta(days=30)
MOST_DRAFT_BYTES = 200_000
"""Of its JSON, in UTF-8. A document may have 256,000, and an item of the table 400 KB."""
_NOTHING: Mapping[str, Any] = {"revision": 0, "saved_at": None, "editor": None, "draft": None}


class DraftRequest(BaseModel):
    """A save. `revision` is the one that the draft was made from, 0 for the first; `editor` is a window of a browser,
    which a save that is repeated after a lost answer is known by."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    revision: Annotated[int, Field(ge=0, le=10**9)]
    editor: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    draft: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Drafting:
    """What the routes of the draft work with."""

    table: Table
    now: Callable[[], datetime]

    def show(self, link: Link | None) -> dict[str, Any]:
        """The draft as it was last saved: one read. Raises ProblemsError with status 404 for a wrong link."""
        held = hold(self.table, link, with_draft=True)
        if held.draft is not None and "expires_at" in held.draft and held.expires_at is None:
            # It was saved before the application was sent, and is of use as long as that stands.
            self._written(Update(_key(held), remove=("expires_at",), condition=PRESENT))
        return {**_shown(held.draft), "now": iso(whole_second(self.now()))}

    def save(self, link: Link | None, request: DraftRequest) -> dict[str, Any]:
        """Save, whenever that is: one read and one write. Saving the same again in the same window changes nothing.

        Raises ProblemsError: 404 for a wrong link, 413 for a draft that is too large, 409 where another revision is
        stored, with that revision beside the problem.
        """
        now, text = whole_second(self.now()), _text(request.draft)
        held = hold(self.table, link)
        saved: Item = {
            "revision": request.revision + 1,
            "saved_at": iso(now),
            "editor": request.editor,
            "draft": text,
        }
        expires_at = self._expiry(held, now)
        lives = {} if expires_at is None else {"expires_at": expires_at}
        condition = Attr("revision").eq(request.revision) if request.revision else ABSENT
        done, found = self._written(Put(_key(held), {**saved, **lives}, condition))
        if not done:
            if found is None or (found["editor"], found["draft"]) != (request.editor, text):
                raise ProblemsError([problem("draft-changed")], 409, {"current": _shown(found)})
            saved = found
        return {"revision": saved["revision"], "saved_at": saved["saved_at"], "now": iso(now)}

    def _expiry(self, held: Held, now: datetime) -> int | None:
        """When application and draft expire, both at the same second; put off once a month while somebody works."""
        renewed = int((now + DRAFT_LIFETIME).timestamp())
        if held.expires_at is None or held.expires_at > renewed - int(_RENEWED_EVERY.total_seconds()):
            return held.expires_at
        key = keys.application_key(held.call.id, held.application.id)
        done, found = self._written(Update(key, set={"expires_at": renewed}, condition=Attr("expires_at").exists()))
        if not done and found is None:
            raise refuse("no-such-application", status=404)
        return renewed if done else None  # Otherwise it was sent at this moment.

    def _written(self, write: Put | Update) -> tuple[bool, Item | None]:
        """Whether the write's condition held; where it did not, what is stored."""
        try:
            self.table.write(write)
        except ConditionFailedError as error:
            return False, error.found[0]
        return True, None


def _key(held: Held) -> keys.Key:
    return keys.draft_key(held.call.id, held.application.id)


def _text(draft: Mapping[str, Any]) -> str:
    try:
        text = json.dumps(draft, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        size = len(text.encode())
    except ValueError as error:  # what JSON has no numbers or UTF-8 no bytes for
        raise refuse("not-json", "draft", status=400) from error
    if size > MOST_DRAFT_BYTES:
        raise refuse("draft-too-large", "draft", status=413, most=MOST_DRAFT_BYTES)
    return text


def _shown(stored: Item | None) -> dict[str, Any]:
    if stored is None:
        return dict(_NOTHING)
    return {**{name: stored[name] for name in _NOTHING}, "draft": json.loads(stored["draft"])}
