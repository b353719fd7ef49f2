"""How pieces of an attachment come and go over HTTP."""

from django.http import HttpResponse

from fabrica.server.core.requests import Asked
from fabrica.wire.attachments import PIECE_BYTES_MAX, Piece
from fabrica.wire.problems import TooLarge

_WAIT_SECONDS_MAX = 20.0
_HEAD_BYTES = 64


def waited(seconds: float) -> float:
    """Return how long a question may stay open: what was asked, within bounds."""
    return min(max(0.0, seconds), _WAIT_SECONDS_MAX)


def piece_of(request: Asked) -> Piece:
    """Read the piece that a request carries.

    Raises:
        TooLarge: it is larger than a piece may be.
        AttachmentGarbled: it is none.
    """
    body = request.read(PIECE_BYTES_MAX + _HEAD_BYTES + 1)
    if len(body) > PIECE_BYTES_MAX + _HEAD_BYTES:
        raise TooLarge(f"A piece has at most {PIECE_BYTES_MAX} bytes.", remedy="Send it in several.")
    return Piece.unpacked(body)


def answer_with(piece: Piece) -> HttpResponse:
    """Return the answer that carries a piece; nobody keeps it."""
    response = HttpResponse(piece.packed(), content_type="application/octet-stream")
    response["Cache-Control"] = "no-store"
    return response
