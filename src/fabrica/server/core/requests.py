"""What an endpoint or a page receives: a request whose caller is known."""

from collections.abc import Iterator

from django.http import HttpRequest

from fabrica.server.core.actors import Actor
from fabrica.wire.problems import Malformed, TooLarge

_PART_BYTES = 1 << 20


class Asked(HttpRequest):
    """A request to the API after authentication: `auth` is the actor."""

    auth: Actor


class Viewed(HttpRequest):
    """A request for a page: `actor` is who reads it, `NOBODY` when nobody is signed in."""

    actor: Actor


def body_of(request: Asked, bytes_max: int) -> Iterator[bytes]:
    """Return a request's body in parts, never whole in memory.

    Raises:
        Malformed: the request does not say how long its body is.
        TooLarge: it says that it is longer than `bytes_max`.
    """
    length = request.headers.get("Content-Length", "")
    if not (length.isascii() and length.isdigit()):
        raise Malformed(
            "The request does not say how long its body is.",
            remedy="Send a Content-Length; a body in chunks of unknown length is not accepted.",
        )
    if int(length) > bytes_max:
        raise TooLarge(f"{int(length):,} bytes were announced.", remedy=f"At most {bytes_max:,} are accepted.")
    return iter(lambda: request.read(_PART_BYTES), b"")
