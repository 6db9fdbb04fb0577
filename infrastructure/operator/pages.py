"""anslag pages: putting the applicants' pages where the installation serves them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError

from infrastructure import pages
from infrastructure.operator.access import outputs_of, session_of
from infrastructure.operator.desk import Desk
from infrastructure.operator.failures import CommandError, ExitCode, not_published, unusable

commands = typer.Typer(help="Pages: what applicants see.", no_args_is_help=True)


@commands.command()
def publish(
    context: typer.Context,
    web: Annotated[Path, typer.Option(help="Where the files are.", show_default=False)] = pages.WEB,
) -> None:
    """Publish the pages, in place of those that were. For whoever looks after the installation: it takes rights to its
    bucket and distribution, which programme officers do not have."""
    desk = Desk.of(context)
    try:
        session = session_of(desk.place)
        outputs = outputs_of(session, desk.place.stack)
        done = pages.publish(session.client("s3"), session.client("cloudfront"), outputs, web)
    except CommandError as error:
        raise desk.end(error) from error
    except pages.PagesError as error:
        raise desk.end(unusable(str(error), str(error))) from error
    except (BotoCoreError, ClientError) as error:
        raise desk.end(not_published(" ".join(str(error).split()), _code_of(error))) from error
    address = f"{outputs['PagesUrl']}/"
    answer = {"address": address, "put": done.put, "removed": done.removed}
    desk.show(
        answer,
        lambda: [
            desk.say(
                f"{len(done.put)} filer är publicerade, {len(done.removed)} borttagna: {address}",
                f"{len(done.put)} files published, {len(done.removed)} removed: {address}",
            )
        ],
    )


def _code_of(error: BotoCoreError | ClientError) -> ExitCode:
    if isinstance(error, ClientError):
        denied = error.response["ResponseMetadata"]["HTTPStatusCode"] in (401, 403)
        return ExitCode.NOT_ALLOWED if denied else ExitCode.SERVICE_FAILED
    return ExitCode.NO_CONTACT if isinstance(error, ConnectionError | HTTPClientError) else ExitCode.NOT_ALLOWED
