"""Where the API is, and whose credentials sign: the same on AWS and on the embedded cloud."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    HTTPClientError,
    ProfileNotFound,
)

from infrastructure.operator import failures

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

_PATIENCE = Config(connect_timeout=5, read_timeout=10, retries={"mode": "standard", "max_attempts": 3})
_ADDRESS = re.compile(r"https?://[^/?#\s]+(/[^?#\s]*)?")
_DENIED = 403


@dataclass(frozen=True, slots=True)
class Place:
    """What the person said about where to go. `api` wins over `stack`; None is left to AWS's usual settings."""

    api: str | None
    stack: str
    region: str | None
    profile: str | None


@dataclass(frozen=True, slots=True)
class Access:
    """What it takes to send a request, which is signed where there are credentials. `identity` says whose these are, at
    the cost of a call, so it is asked only when somebody was not let in."""

    url: str
    region: str
    credentials: Credentials | None
    identity: Callable[[], str]


def find_access(place: Place) -> Access:
    """Look up credentials, region and address. Raises CommandError with what is missing and how to give it."""
    session = session_of(place)
    credentials = _credentials(session)
    url = _address(place.api if place.api else outputs_of(session, place.stack)["ApiUrl"])
    return Access(url, session.region_name, credentials, lambda: _identity(session, credentials))


def find_public_access(place: Place) -> Access:
    """For what everybody may read: an address that is given needs no login, a stack to look it up in does. Raises
    CommandError as `find_access` does."""
    return Access(_address(place.api), "", None, lambda: "-") if place.api else find_access(place)


def _address(url: str) -> str:
    if not _ADDRESS.fullmatch(url):
        raise failures.unusable(f"{url} är ingen webbadress.", f"{url} is not a web address.")
    return url.rstrip("/")


def session_of(place: Place) -> boto3.Session:
    """The person's AWS login. Raises CommandError where there is none such, or no region."""
    try:
        session = boto3.Session(profile_name=place.profile, region_name=place.region)
    except ProfileNotFound as error:
        raise failures.unusable(
            f"Det finns ingen AWS-profil {place.profile}.", f"There is no AWS profile {place.profile}."
        ) from error
    if session.region_name is None:
        raise failures.no_region()
    return session


def _credentials(session: boto3.Session) -> Credentials:
    try:
        found = session.get_credentials()
        frozen = found.get_frozen_credentials() if found else None
    except (BotoCoreError, ClientError) as error:
        raise failures.bad_credentials(_said(error)) from error
    if frozen is None:
        raise failures.no_credentials()
    return Credentials(frozen.access_key or "", frozen.secret_key or "", frozen.token)


def outputs_of(session: boto3.Session, stack: str) -> dict[str, str]:
    """What the stack tells of itself, ApiUrl with the rest. Raises CommandError."""
    try:
        client: CloudFormationClient = session.client("cloudformation", config=_PATIENCE)
        (described,) = client.describe_stacks(StackName=stack)["Stacks"]
    except (ConnectionError, HTTPClientError) as error:
        raise failures.no_answer("CloudFormation", _said(error), wrote=False) from error
    except ClientError as error:
        if error.response["Error"].get("Code") == "ValidationError":
            raise failures.no_stack(stack, session.region_name) from error
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        if status == _DENIED:
            raise failures.stack_hidden(stack, error.response["Error"].get("Code", "")) from error
        raise failures.service_failed(status, [], wrote=False) from error
    except BotoCoreError as error:
        raise failures.bad_credentials(_said(error)) from error
    outputs = {one["OutputKey"]: one["OutputValue"] for one in described.get("Outputs", [])}
    if "ApiUrl" not in outputs:
        raise failures.no_stack(stack, session.region_name)
    return outputs


def _identity(session: boto3.Session, credentials: Credentials) -> str:
    """The principal as AWS names it, or at least the key, where AWS does not say."""
    try:
        return str(session.client("sts", config=_PATIENCE).get_caller_identity()["Arn"])
    except (BotoCoreError, ClientError):
        return f"access key {credentials.access_key}"


def _said(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".")
