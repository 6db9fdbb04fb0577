"""What the staff routes share: who is asking. API Gateway has checked the signature before a function runs."""

from __future__ import annotations

import re

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver

from shared.problems import refuse

_MADE_UP = re.compile(
    r"arn:[^:]+:sts::\d+:assumed-role/[^/]+/("
    r"(?:botocore-session|aws-sdk-js|aws-sdk-js-session|aws-sdk-java|aws-sdk-php|aws-go-sdk|aws-dotnet-sdk-session)-\d+"
    r"|\d{19})"  # the first Go SDK: nanoseconds, and nothing else
)
"""How AWS's SDKs name the session of a role where the profile does not: by the time, so otherwise at every login."""


def who(app: APIGatewayHttpResolver) -> str:
    """The principal that signed the request, as the audit trail names it. Raises KeyError for a route that was
    left open by mistake: such a route must not work at all.

    Example: arn:aws:iam::123456789012:user/anna
    """
    return str(app.current_event.raw_event["requestContext"]["authorizer"]["iam"]["userArn"])


def require_name(principal: str) -> None:
    """Raises ProblemsError with status 403 for a session of a role whose name an SDK made up.

    It is another one at the next login: nobody could tell from it that two steps were taken by one person.
    """
    if found := _MADE_UP.fullmatch(principal):
        raise refuse("session-names-nobody", status=403, given=found[1])
