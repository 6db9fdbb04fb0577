"""anslag announcement: read what goes out, and let it go out."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import RenderableType
from rich.prompt import Confirm
from rich.text import Text

from infrastructure.operator import cells, failures, list_files, output, round_views
from infrastructure.operator.arguments import Digest, RoundId
from infrastructure.operator.desk import Desk
from shared.problems import problem

commands = typer.Typer(help="The announcement: read what goes out, and let it go out.", no_args_is_help=True)

Json = Mapping[str, Any]
_HEADINGS = {"sv": "På svenska", "en": "In English"}
_SUBJECTS = {"sv": "Ämne", "en": "Subject"}


class Wanted(StrEnum):
    """Which of the two texts."""

    SV = "sv"
    EN = "en"
    BOTH = "both"


class _ConfirmInSwedish(Confirm):
    choices: list[str] = ["j", "n"]  # noqa: RUF012  Rich has it so
    validate_error_message = "Svara j eller n."


@commands.command()
def preview(
    context: typer.Context,
    round_id: RoundId,
    language: Annotated[Wanted, typer.Option(help="Which text to show.")] = Wanted.BOTH,
    folder: Annotated[
        Path | None,
        typer.Option("--folder", "--pages", help="Also write all that goes out into this folder."),
    ] = None,
) -> None:
    """What will go out, word for word, or what did."""
    desk = Desk.of(context)
    answer = desk.get("staff", "rounds", round_id, "announcement")
    page = None if folder is None else _write(desk, round_id, answer, folder)
    desk.show(answer, lambda: [*_preview(desk, round_id, answer, language), *_where(desk, page)])


def _write(desk: Desk, round_id: str, answer: Json, folder: Path) -> Path:
    # Templates are slow to import, and few commands write pages.
    from infrastructure.operator import preview_folder  # noqa: PLC0415

    try:
        return preview_folder.write(answer, _letters(desk, round_id, answer), folder)
    except OSError as error:
        raise list_files.unusable(desk, folder, error) from error
    except preview_folder.NotOursError as error:
        raise desk.refuse(
            f"I {folder} finns redan annat. Ange en ny mapp, eller en tom.",
            f"{folder} has something else in it. Name a new folder, or an empty one.",
        ) from error


def _letters(desk: Desk, round_id: str, announcement: Json) -> Json:
    """Every letter that goes out with this announcement: the API tells them in as many answers as they need, and each
    must rest on the same decisions."""
    path = ("staff", "rounds", round_id, "announcement", "letters")
    answers = [desk.get(*path)]
    while after := answers[-1]["next"]:
        answers.append(desk.get(*path, query={"after": after}))
    if any(answer[name] != announcement[name] for answer in answers for name in ("number", "decisions")):
        raise desk.refuse(
            "Andra beslut kom emellan. Läs det som gäller nu.",
            "Other decisions came in between. Read what counts now.",
        )
    letters = [letter for answer in answers for letter in answer["letters"]]
    return {"letters": letters, "sent_to_applicants": answers[0]["sent_to_applicants"]}


def _where(desk: Desk, page: Path | None) -> Iterator[RenderableType]:
    if page is not None:
        yield output.heading(desk.say("Allt som går ut, att öppna i en webbläsare", "All that goes out, for a browser"))
        yield Text(page.resolve().as_uri(), overflow="fold")


@commands.command()
def publish(
    context: typer.Context,
    round_id: RoundId,
    digest: Digest,
    at: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Not now, but then, in the programme's time. Example: 2019-12-17T09:00"),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether you are sure.")] = False,
) -> None:
    """Publish the announcement that you read. It goes out once, to everybody who subscribes."""
    desk = Desk.of(context)
    if not yes and not _sure(desk, round_id, digest):
        desk.err.print(desk.say("Inget publicerades.", "Nothing was published."))
        raise typer.Exit(int(failures.ExitCode.REFUSED))
    body = {"digest": digest} | ({} if at is None else {"at": at})
    # Asked before: once it is published, no failure may stand in the way of saying so.
    zone = desk.round(round_id)["time_zone"]
    answer = desk.post("staff", "rounds", round_id, "announcement", body=body)
    told = _published if at is None else _timed
    desk.show(answer, lambda: [output.heading(told(desk, answer, zone))])


@commands.command("call-off")
def call_off(context: typer.Context, round_id: RoundId) -> None:
    """Publish nothing at the time that was set. The announcement can be published later."""
    desk = Desk.of(context)
    answer = desk.post("staff", "rounds", round_id, "announcement", "calling-off", body={})
    number = answer["number"]
    told = desk.say(
        f"Tillkännagivande {number} är inställt. Inget går ut förrän någon publicerar det.",
        f"Announcement {number} is called off. Nothing goes out until somebody publishes it.",
    )
    desk.show(answer, lambda: [output.heading(told)])


def _preview(desk: Desk, round_id: str, answer: Json, wanted: Wanted) -> Iterator[RenderableType]:
    for language in ("sv", "en") if wanted is Wanted.BOTH else (wanted.value,):
        text = answer["texts"][language]
        yield output.heading(_HEADINGS[language])
        yield f"{_SUBJECTS[language]}: {text['subject']}\n\n{text['body'].rstrip()}"
    yield Text(f"{desk.say('Kontrollvärde', 'Digest')}: {answer['digest']}")
    if answer["published_at"]:
        yield output.heading(_published(desk, answer, desk.round(round_id)["time_zone"]))
    elif answer.get("publish_at"):
        yield output.heading(_timed(desk, answer, desk.round(round_id)["time_zone"]))
    elif digest := answer.get("to_approve"):
        introduction = desk.say(
            "Inte godkänt än. Är allt rätt? Någon annan än den som lämnade in besluten godkänner dem:",
            "Not approved yet. Is everything right? Somebody other than whoever handed the decisions in approves them:",
        )
        what = "decisions" if answer["number"] == 1 else "corrections"
        yield output.command(introduction, round_views.approving(round_id, digest, what))
    else:
        introduction = desk.say("Är allt rätt? Publicera:", "Is everything right? Publish:")
        yield output.command(introduction, f"anslag announcement publish {round_id} --digest {answer['digest']}")


def _published(desk: Desk, answer: Json, zone: str) -> str:
    at = cells.when(answer["published_at"], zone, desk.language)
    return desk.say(
        f"Tillkännagivande {answer['number']} publicerades {at}.",
        f"Announcement {answer['number']} was published {at}.",
    )


def _timed(desk: Desk, answer: Json, zone: str) -> str:
    number, at = answer["number"], cells.when(answer["publish_at"], zone, desk.language)
    if answer["held_back"]:
        return desk.say(
            f"Tillkännagivande {number} skulle ha gått ut {at}, men hölls tillbaka: underlaget har ändrats sedan det "
            "godkändes. Ställ in det (anslag announcement call-off), läs det nya och publicera det.",
            f"Announcement {number} was to go out {at} and was held back: what it is made from has changed since it "
            "was approved. Call it off (anslag announcement call-off), read the new one and publish it.",
        )
    return desk.say(
        f"Tillkännagivande {number} går ut {at}, inom någon minut. Fram till dess kan det ställas in.",
        f"Announcement {number} goes out {at}, within a minute or so. Until then it can be called off.",
    )


def _sure(desk: Desk, round_id: str, digest: str) -> bool:
    """Ask the person, who has to be there, about the very text that they name."""
    if not sys.stdin.isatty():
        raise desk.refuse(
            "Här finns ingen att fråga. Ange --yes för att publicera ändå.",
            "Nobody is here to be asked. Give --yes to publish all the same.",
        )
    answer = desk.get("staff", "rounds", round_id, "announcement")
    if answer["published_at"]:
        raise desk.end(failures.refused(problem("already-published")))
    if answer["digest"] != digest:
        raise desk.end(failures.refused(problem("digest-changed", "digest", current=answer["digest"])))
    desk.err.print(answer["texts"][desk.language]["subject"], style="bold", soft_wrap=True)
    warning = desk.say(
        "Det går ut till alla som prenumererar, och kan inte tas tillbaka.",
        "It goes to everybody who subscribes, and cannot be taken back.",
    )
    desk.err.print(warning, soft_wrap=True)
    kind = _ConfirmInSwedish if desk.language == "sv" else Confirm
    try:
        return kind.ask(desk.say("Publicera?", "Publish?"), console=desk.err, default=False)
    except EOFError:
        return False
