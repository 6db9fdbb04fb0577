"""Clients, made once per process and only when asked for.

boto3's defaults (60 s to connect, 60 s to read, five tries) outlive a function. These do not: the longest
call takes 3 tries of 4 seconds.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sesv2 import SESV2Client
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient

_PATIENCE = Config(connect_timeout=1, read_timeout=3, retries={"mode": "standard", "max_attempts": 3})


def _client(service: str, config: Config = _PATIENCE) -> Any:
    return boto3.session.Session().client(service, config=config)


@cache
def dynamodb() -> DynamoDBClient:
    """Region and credentials come from the function's own environment, as for all of these."""
    client: DynamoDBClient = _client("dynamodb")
    return client


@cache
def s3() -> S3Client:
    """Signature V4 and the regional address: boto3's default signs forms with V2 for the global one, which
    European regions redirect, and a redirect breaks a browser's upload. us-east-1 has one too, and the pages allow no
    other."""
    own = Config(
        signature_version="s3v4", s3={"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"}
    )
    config = _PATIENCE.merge(own)
    client: S3Client = _client("s3", config)
    return client


@cache
def sqs() -> SQSClient:
    """See `dynamodb`."""
    client: SQSClient = _client("sqs")
    return client


@cache
def sns() -> SNSClient:
    """See `dynamodb`."""
    client: SNSClient = _client("sns")
    return client


@cache
def ses() -> SESV2Client:
    """See `dynamodb`."""
    client: SESV2Client = _client("sesv2")
    return client


@cache
def functions() -> LambdaClient:
    """See `dynamodb`."""
    client: LambdaClient = _client("lambda")
    return client


@cache
def kms() -> KMSClient:
    """See `dynamodb`."""
    client: KMSClient = _client("kms")
    return client
