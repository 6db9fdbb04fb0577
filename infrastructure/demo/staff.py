"""Programme officers: users with the stack's staff policy and nothing else, who work with the command `anslag`."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infrastructure.cloud.running import Cloud

_COMMAND = str(Path(sys.executable).with_name("anslag"))


@dataclass(frozen=True)
class Answer:
    """What the command said, and how it ended."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """The answer of a command that was asked for JSON."""
        return json.loads(self.out)


class CommandFailedError(Exception):
    """The operator's command ended otherwise than the play expects."""


@dataclass(frozen=True)
class Officer:
    """One person with credentials. `environment` is all that their terminal has."""

    name: str
    environment: Mapping[str, str]

    def anslag(self, *arguments: str, expect: int = 0) -> Answer:
        """Run the operator's command as this person. Raises CommandFailedError for another exit code."""
        ended = subprocess.run(  # noqa: S603  the project's own command
            [_COMMAND, *arguments], env=dict(self.environment), capture_output=True, text=True, check=False
        )
        if ended.returncode != expect:
            said = f"{ended.stdout}\n{ended.stderr}".strip()
            raise CommandFailedError(f"anslag {' '.join(arguments)} ended with {ended.returncode}:\n{said}")
        return Answer(ended.returncode, ended.stdout, ended.stderr)

    def ask(self, *arguments: str) -> Any:
        """Run the command for its JSON."""
        return self.anslag("--json", *arguments).json()

    def verify(self, round_id: str) -> str:
        """What `anslag verify` finds that is not as it must be in a round that is over; nothing where all is. (It looks
        at every application: ask once.)"""
        try:
            late = self.ask("verify", round_id)["after_certificate"]
        except CommandFailedError as failed:
            return str(failed)
        return f"{late} uploads came after the certificate" if late else ""


def hire(cloud: Cloud, outputs: Mapping[str, str], names: Sequence[str]) -> list[Officer]:
    """Make the users, give each the staff policy, and return them with their keys."""
    iam = cloud.client("iam")
    officers = []
    for name in names:
        with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
            iam.create_user(UserName=name)
        iam.attach_user_policy(UserName=name, PolicyArn=outputs["StaffPolicyArn"])
        key = iam.create_access_key(UserName=name)["AccessKey"]
        environment = {
            "AWS_ENDPOINT_URL": cloud.endpoint,
            "AWS_REGION": cloud.region,
            "AWS_DEFAULT_REGION": cloud.region,
            "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
            "ANSLAG_API": outputs["ApiUrl"],
            "LANG": "sv_SE.UTF-8",
            "PATH": os.environ.get("PATH", ""),
            "HOME": os.environ.get("HOME", ""),
            "COLUMNS": "80",
        }
        officers.append(Officer(name, environment))
    return officers


def verify_sender(cloud: Cloud, address: str) -> None:
    """Tell SES that the address is ours. On AWS its owner confirms this once, by a message that SES sends."""
    ses = cloud.client("sesv2")
    with contextlib.suppress(ses.exceptions.AlreadyExistsException):
        ses.create_email_identity(EmailIdentity=address)
