"""Python loads this by itself into a function's process that has this folder on its PYTHONPATH: every request to AWS
then says which process sends it, of which function, and from where in the code. Nothing else is different."""

from __future__ import annotations

import os
import sys
from types import FrameType
from typing import Any

from botocore.httpsession import URLLib3Session

PROCESS, FUNCTION, PLACES = "X-Witness-Process", "X-Witness-Function", "X-Witness-Places"
_ROOT = os.environ.get("LAMBDA_TASK_ROOT", "") + os.sep
_send = URLLib3Session.send


def _places() -> str:
    """Lines of the product's code that led here, the outermost first. Example: functions/decide/handler.py:94 ..."""
    found: list[str] = []
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        file = frame.f_code.co_filename
        if file.startswith(_ROOT):
            found.append(f"{file.removeprefix(_ROOT)}:{frame.f_lineno}")
        frame = frame.f_back
    return " ".join(reversed(found))


def _send_with_witness(self: URLLib3Session, request: Any) -> Any:
    # After signing, so that the signature does not cover it.
    request.headers[PROCESS] = str(os.getpid())
    request.headers[FUNCTION] = os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "")
    request.headers[PLACES] = _places()
    return _send(self, request)


if __name__ == "sitecustomize":  # and not imported by a test, for its names
    URLLib3Session.send = _send_with_witness  # type: ignore[method-assign]
