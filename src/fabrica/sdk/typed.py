"""Bodies made of what a person typed."""

from typing import Any, TypeVar

from pydantic import ValidationError

from fabrica.wire.bodies import Request
from fabrica.wire.problems import Malformed

AnyRequest = TypeVar("AnyRequest", bound=Request)


def typed(kind: type[AnyRequest], /, **fields: Any) -> AnyRequest:
    """Return a body of what a person typed.

    Raises:
        Malformed: a field has a value that it cannot have; says which and why.
    """
    try:
        return kind(**fields)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"])).replace("_", " ") or "this"
        raise Malformed(f"{place}: {first['msg'].removeprefix('Value error, ')}.", remedy="Type it anew.") from None
