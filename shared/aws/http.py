"""What the HTTP functions share: a router whose every error is a problem document (RFC 9457) in the reader's
language, and bodies read strictly."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, TypeVar

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from pydantic import BaseModel, ValidationError

from shared.aws.staff import require_name, who
from shared.problems import ProblemsError, refuse
from shared.validation import shape_problem

Model = TypeVar("Model", bound=BaseModel)
_NOT_STORED = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def router(logger: Logger) -> APIGatewayHttpResolver:
    """A router that answers errors as problem documents."""
    app = APIGatewayHttpResolver()

    def staff_sign(router: APIGatewayHttpResolver, following: Callable[..., Any]) -> Any:
        if router.current_event.path.startswith("/staff/"):
            principal = who(router)
            if router.current_event.http_method != "GET":
                require_name(principal)
        return following(router)

    def refused(error: ProblemsError) -> Response[str]:
        logger.info("refused", status=error.status, problems=[found.code for found in error.problems])
        return problem_document(error, _language(app))

    def no_such_page(_: NotFoundError) -> Response[str]:
        return problem_document(refuse("no-such-page", status=404), _language(app))

    def failed(_: Exception) -> Response[str]:
        logger.exception("unexpected failure")  # noqa: LOG004  the router calls this while handling it
        return problem_document(refuse("internal", status=500), _language(app))

    # API Gateway checks signatures; this only makes sure that a route which it was not told to check serves nobody, and
    # that whoever changes something can be told from others.
    app.use(middlewares=[staff_sign])
    app.exception_handler(ProblemsError)(refused)
    app.exception_handler(Exception)(failed)
    app.not_found(no_such_page)
    return app


def problem_document(error: ProblemsError, language: str) -> Response[str]:
    """The error as application/problem+json; its title is the first problem's sentence."""
    first = error.problems[0]
    body = {
        "type": "about:blank",
        "title": first.sv if language == "sv" else first.en,
        "status": error.status,
        "problems": [found.as_json() for found in error.problems],
        **error.beside,
    }
    return Response(
        status_code=error.status,
        content_type="application/problem+json",
        body=json.dumps(body, ensure_ascii=False),
        headers=dict(_NOT_STORED),
    )


def answer(body: Mapping[str, Any], status: int = 200, *, kept: timedelta | None = None) -> Response[str]:
    """A JSON answer that no cache keeps, or, where it is the same for everybody, for so long."""
    caching = {} if kept is None else {"Cache-Control": f"public, max-age={int(kept.total_seconds())}"}
    return Response(
        status_code=status,
        content_type="application/json",
        body=json.dumps(body, ensure_ascii=False),
        headers=_NOT_STORED | caching,
    )


def body_of(app: APIGatewayHttpResolver, model: type[Model]) -> Model:
    """The request's body. Raises ProblemsError with status 400 and every problem of its shape."""
    raw = raw_body_of(app) or b"{}"
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        raise ProblemsError([shape_problem(one) for one in found], 400) from error


def raw_body_of(app: APIGatewayHttpResolver) -> bytes:
    """The request's body as it was sent, also where API Gateway wrapped it in base 64 for its media type."""
    event = app.current_event
    body = event.body or ""
    return base64.b64decode(body) if event.is_base64_encoded else body.encode()


def _language(app: APIGatewayHttpResolver) -> str:
    wanted = app.current_event.headers.get("accept-language") or ""
    return "sv" if wanted.lower().startswith("sv") else "en"
