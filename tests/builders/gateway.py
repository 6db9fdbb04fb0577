"""The routes of the HTTP API as template.yaml has them: which function answers, and whether callers must sign."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from tests.template import resources


@dataclass(frozen=True, slots=True)
class Route:
    """A route of the template. `integration` is the logical id of what answers. Example: ApplyIntegration"""

    method: str
    pattern: re.Pattern[str]
    signed: bool
    integration: str


@cache
def routes() -> tuple[Route, ...]:
    """All of them."""
    found = []
    for properties in resources("AWS::ApiGatewayV2::Route").values():
        method, _, way = properties["RouteKey"].partition(" ")
        pattern = re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(way)))
        integration = re.search(r"\$\{(\w+)\}", properties["Target"]["Fn::Sub"])
        assert integration is not None
        signed = properties.get("AuthorizationType") == "AWS_IAM"
        found.append(Route(method, pattern, signed, integration[1]))
    return tuple(found)


@lru_cache(maxsize=4096)
def route(method: str, path: str) -> Route | None:
    """The one that takes a request, or None where API Gateway knows none."""
    return next((one for one in routes() if one.method == method and one.pattern.fullmatch(path)), None)
