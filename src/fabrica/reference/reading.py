"""Read a reference file into frozen dataclasses; every mistake is named by file and keys."""

import dataclasses
import types
import typing
from collections.abc import Mapping
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

import yaml

from fabrica.values.ids import SiteId
from fabrica.values.keys_once import KeysOnce

FOLDER = Path(__file__).parent
T = TypeVar("T")

_PLAIN: Mapping[type, str] = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}
_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C loader is much faster, where it is built


class ReferenceMalformed(ValueError):
    """A reference file has a mistake: `file`, `keys` as a dotted path, and `remedy`, what would be right."""

    def __init__(self, file: Path, keys: str, problem: str, remedy: str) -> None:
        super().__init__(f"{file.name}: {keys or 'top of the file'}: {problem}; {remedy}")
        self.file = file
        self.keys = keys
        self.remedy = remedy


def read_file(kind: type[T], file: Path) -> T:
    """Return the contents of a YAML file as `kind`, a dataclass whose fields are the file's keys.

    A field with a default may be absent; every other key must be there, and no other key may.

    Raises:
        ReferenceMalformed: not readable, not YAML, or not of this shape; says where and what would be right.
    """
    try:
        content = yaml.load(file.read_bytes(), Loader=_Loader)  # noqa: S506 - it stands on a safe loader
    except OSError as error:
        raise ReferenceMalformed(file, "", f"cannot be read ({error.strerror})", "install the package again") from error
    except yaml.YAMLError as error:
        raise ReferenceMalformed(file, "", f"is not YAML ({error})", "correct the syntax there") from error
    try:
        return typing.cast(T, _read(kind, content, ""))
    except _Mistake as mistake:
        raise ReferenceMalformed(file, mistake.keys, mistake.problem, mistake.remedy) from None


class _Loader(KeysOnce, _SafeLoader):  # type: ignore[misc]
    """A safe loader that refuses a key written twice."""


class _Mistake(Exception):
    def __init__(self, keys: str, problem: str, remedy: str) -> None:
        super().__init__(problem)
        self.keys, self.problem, self.remedy = keys, problem, remedy


def _read(kind: Any, value: Any, keys: str) -> Any:
    """Return `value` as `kind`: a dataclass, tuple, mapping, union, literal or plain type."""
    origin = get_origin(kind)
    if dataclasses.is_dataclass(kind):
        return _read_dataclass(kind, value, keys)
    if origin is tuple:
        item_kind = get_args(kind)[0]
        items = _expect(list, value, keys, "a list")
        return tuple(_read(item_kind, item, _name_item(keys, index, item)) for index, item in enumerate(items))
    if origin is Mapping:
        item_kind = get_args(kind)[1]
        items = _expect(dict, value, keys, "keys with values")
        truths = [key for key in items if isinstance(key, bool)]
        if truths:  # YAML takes the code of Norway for a truth
            raise _Mistake(_join(keys, truths[0]), "this key is no text", "put it in quotes, as 'NO'")
        return types.MappingProxyType(
            {str(key): _read(item_kind, item, _join(keys, key)) for key, item in items.items()}
        )
    if origin in (Union, types.UnionType):
        return _read_union(get_args(kind), value, keys)
    if origin is Literal:
        if not any(value == allowed and type(value) is type(allowed) for allowed in get_args(kind)):
            raise _Mistake(keys, f"{value!r} is not known", f"write one of {', '.join(map(str, get_args(kind)))}")
        return value
    return _read_plain(kind, value, keys)


def _read_dataclass(kind: Any, value: Any, keys: str) -> Any:
    given = dict(_expect(dict, value, keys, "keys with values"))
    fields = {field.name: field for field in dataclasses.fields(kind)}
    unknown = [key for key in given if key not in fields]
    if unknown:
        raise _Mistake(_join(keys, unknown[0]), "this key is not known", f"the keys here are {', '.join(fields)}")
    missing = [name for name, field in fields.items() if name not in given and not _has_default(field)]
    if missing:
        raise _Mistake(_join(keys, missing[0]), "is missing", "write it, with null when it is unknown")
    hints = _hints(kind)
    return kind(**{name: _read(hints[name], item, _join(keys, name)) for name, item in given.items()})


def _has_default(field: dataclasses.Field[Any]) -> bool:
    return field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING


@cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _expect(shape: type, value: Any, keys: str, words: str) -> Any:
    if not isinstance(value, shape):
        raise _Mistake(keys, f"{value!r:.60} is not right", f"write {words}")
    return value


def _name_item(keys: str, index: int, item: Any) -> str:
    """Name a list's item by its id or name where it has one, as a person would look for it."""
    name = (item.get("id") or item.get("name") or index) if isinstance(item, dict) else index
    return f"{keys}[{name}]"


def _join(keys: str, key: object) -> str:
    return f"{keys}.{key}" if keys else str(key)


def _read_union(kinds: tuple[Any, ...], value: Any, keys: str) -> Any:
    if value is None and types.NoneType in kinds:
        return None
    others = [kind for kind in kinds if kind is not types.NoneType]
    if len(others) == 1:
        return _read(others[0], value, keys)
    for kind in others:  # the value's own type decides, so 4 stays whole and true stays a truth
        if type(value) is (list if get_origin(kind) is tuple else kind):
            return _read(kind, value, keys)
    raise _Mistake(keys, f"{value!r:.60} is not right", "write text, a number, true or false, or a list of texts")


def _read_plain(kind: Any, value: Any, keys: str) -> Any:
    if kind is float and type(value) is int:
        return float(value)
    if kind in _PLAIN and type(value) is kind:
        return value
    wanted = _PLAIN.get(kind) or ("text such as 'lumi-aif'" if kind is SiteId else "a fraction as text, such as '2/1'")
    if kind in (SiteId, Fraction) and isinstance(value, str):
        try:
            return SiteId.parse(value) if kind is SiteId else Fraction(value)
        except (ValueError, ZeroDivisionError):
            pass
    raise _Mistake(keys, f"{value!r:.60} is not right", f"write {wanted}")
