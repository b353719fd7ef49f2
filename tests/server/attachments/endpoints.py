"""Every endpoint of attachments: the status that each caller gets, and what they ask."""

from collections.abc import Callable
from typing import Any

from fabrica.wire.attachments import Piece
from tests.server.attachments.builders import make_attachment, make_interactive_run

# in the order: nobody, stranger, reader, member, lead, operator, agent, withdrawn agent; the lead has submitted the run


def _owner(status: int, others: int = 404) -> list[int]:
    return [401, 404, others, others, status, others, 401, 401]


def _agents(status: int) -> list[int]:
    return [401, 401, 401, 401, 401, 401, status, 403]


def _run(world: Any) -> str:
    return str(make_interactive_run(world.actors["lead"], world.project, world.actors["agent"]))


def _attachment(world: Any, *, taken: bool = False) -> str:
    return str(make_attachment(world.actors["lead"], world.project, world.actors["agent"], taken=taken).id)


_PIECE = Piece(0, False, b"echo hello\n").packed()

ENDPOINTS: dict[tuple[str, str], tuple[list[int], Callable[[Any], tuple[str, Any]]]] = {
    ("POST", "/runs/{run}/attachments"): (
        _owner(201, others=403),
        lambda world: (f"/runs/{_run(world)}/attachments", {}),
    ),
    ("GET", "/attachments/{attachment}/output"): (
        _owner(200),
        lambda world: (f"/attachments/{_attachment(world)}/output", None),
    ),
    ("POST", "/attachments/{attachment}/input"): (
        _owner(200),
        lambda world: (f"/attachments/{_attachment(world)}/input", _PIECE),
    ),
    ("DELETE", "/attachments/{attachment}"): (_owner(204), lambda world: (f"/attachments/{_attachment(world)}", None)),
    ("GET", "/agent/attachments"): (_agents(200), lambda world: ("/agent/attachments", None)),
    ("POST", "/agent/attachments/{attachment}/take"): (
        _agents(204),
        lambda world: (f"/agent/attachments/{_attachment(world)}/take", None),
    ),
    ("GET", "/agent/attachments/{attachment}/input"): (
        _agents(200),
        lambda world: (f"/agent/attachments/{_attachment(world, taken=True)}/input", None),
    ),
    ("POST", "/agent/attachments/{attachment}/output"): (
        _agents(200),
        lambda world: (f"/agent/attachments/{_attachment(world, taken=True)}/output", _PIECE),
    ),
    ("DELETE", "/agent/attachments/{attachment}"): (
        _agents(204),
        lambda world: (f"/agent/attachments/{_attachment(world)}", None),
    ),
}
