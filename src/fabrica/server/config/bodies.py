"""JSON bodies as they come in: bounded, and without what no table or program can hold."""

from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from ninja.parser import Parser

from fabrica.values.keys_once import KeyTwice, read_json
from fabrica.wire.problems import Malformed, TooLarge


class StrictParser(Parser):
    """Reads a JSON object; what is wrong with it is told as a named problem."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        """Return the object that a request's body holds.

        Raises:
            Malformed: not UTF-8 or JSON, not an object, nested too deeply, with a key written twice in one object, or
                with NaN, Infinity or a NUL character.
        """
        try:
            body = read_json(request.body)
        except KeyTwice as twice:
            raise Malformed(f"In the body {twice.where}.", remedy="Keep the one that is meant.") from None
        except (ValueError, RecursionError) as error:
            raise Malformed(f"The body is not JSON: {error}.", remedy="Send one JSON object in UTF-8.") from None
        if not isinstance(body, dict):
            raise Malformed("The body is not a JSON object.", remedy="Send one JSON object in UTF-8.")
        if b"\\u0000" in request.body and "\0" in _texts(body):
            raise Malformed("The body holds a NUL character.", remedy="Leave the character out.")
        return body


def too_large(error: RequestDataTooBig) -> TooLarge:
    """Return the problem of a JSON body that is longer than the settings allow."""
    from django.conf import settings

    return TooLarge(
        "The JSON body is too long.", remedy=f"At most {settings.DATA_UPLOAD_MAX_MEMORY_SIZE:,} bytes are accepted."
    )


def _texts(value: Any) -> str:
    """Return all texts of a body, keys as well, in one."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return "".join(map(_texts, (*value, *value.values())))
    return "".join(map(_texts, value)) if isinstance(value, list) else ""
