"""What the staff routes share: who is asking. API Gateway has checked the signature before a function runs."""

from __future__ import annotations

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver


def who(app: APIGatewayHttpResolver) -> str:
    """The principal that signed the request, as the audit trail names it. Raises KeyError for a route that was
    left open by mistake: such a route must not work at all.

    Example: arn:aws:iam::123456789012:user/anna
    """
    return str(app.current_event.raw_event["requestContext"]["authorizer"]["iam"]["userArn"])
