"""The shape every wire body shares."""

import functools
from datetime import datetime
from typing import Annotated, Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, PlainSerializer

from fabrica.values.time import to_rfc3339

Instant = Annotated[datetime, PlainSerializer(to_rfc3339, return_type=str, when_used="json")]
Some = TypeVar("Some", bound="Body")


class Body(BaseModel):
    """An immutable body that the server writes: unknown fields are ignored, so an older reader keeps working."""

    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_inf_nan="null")

    @classmethod
    def trusted(cls, **values: Any) -> Self:
        """Return a body of values that are right already, every field given; nothing is checked.

        For the bodies that one answer holds by the hundred. `model_construct` does the same, but walks the fields one
        by one.
        """
        return _made(cls, values)


def altered(body: Some, **values: Any) -> Some:
    """Return a copy of a body with other values that are right already; nothing is checked, as in `trusted`.

    No method of bodies, for pydantic's lookup of a method adds a sixth to the time.
    """
    return _made(type(body), _values(body) | values)


def _made(cls: type[Some], values: dict[str, Any]) -> Some:
    body = object.__new__(cls)
    _set_values(body, values)
    _set_field_names(body, _field_names(cls))
    _set_extra(body, None)
    _set_private(body, None)
    return body


# The four slots that make a body, set past its being frozen; straight, since `object.__setattr__` looks each up again.
_set_values, _set_field_names, _set_extra, _set_private = (
    vars(BaseModel)[slot].__set__
    for slot in ("__dict__", "__pydantic_fields_set__", "__pydantic_extra__", "__pydantic_private__")
)
_values = vars(BaseModel)["__dict__"].__get__


@functools.cache
def _field_names(body: type[Body]) -> set[str]:
    """Return one set for all bodies of a kind: a body never changes, and a copy of it copies the set."""
    return set(body.model_fields)


class Request(BaseModel):
    """An immutable body that a person or program sends: an unknown field is refused, so a typing error is seen."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
