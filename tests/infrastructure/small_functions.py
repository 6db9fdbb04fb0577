"""What it takes to make a function of a few lines through Lambda's own API."""

from __future__ import annotations

import io
import json
import zipfile

from infrastructure.cloud.running import Cloud


def role_of(cloud: Cloud, function: str, *actions: str) -> str:
    """Makes the role of a function that may do this to everything. Returns its ARN. Example: sqs:*"""
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    iam, policy = cloud.client("iam"), {"Version": "2012-10-17", "Statement": [trust]}
    role = iam.create_role(RoleName=function, AssumeRolePolicyDocument=json.dumps(policy))["Role"]["Arn"]
    everything = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [everything]}
    iam.put_role_policy(RoleName=function, PolicyName="all", PolicyDocument=json.dumps(policy))
    return str(role)


def packed(path: str, text: str) -> bytes:
    """A package of one file."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr(path, text)
    return held.getvalue()
