"""Ids as people type them."""

from typing import TypeVar, cast

from fabrica.values.ids import Id, SiteId
from fabrica.wire.problems import Malformed

AnyId = TypeVar("AnyId", bound=Id | SiteId)


def parsed(kind: type[AnyId], text: str) -> AnyId:
    """Return an id that a person typed.

    Raises:
        Malformed: it is not an id of this kind.
    """
    try:
        return cast(AnyId, kind.parse(text))
    except ValueError as error:
        raise Malformed(f"{error}.", remedy="Copy it from a list: 'fabrica projects', 'runs' or 'sites'.") from None
