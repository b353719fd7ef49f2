"""Fields every slice uses: typed ids."""

from typing import TYPE_CHECKING, Any

from django.db import models

from fabrica.values import ids

_ID_LENGTH_MAX = 40

if TYPE_CHECKING:

    class _CharField(models.CharField[Any, Any]):
        """Generic only for the type checker, which then reads and writes ids and not plain text."""

        _pyi_private_set_type: Any
        _pyi_private_get_type: Any
        _pyi_lookup_exact_type: Any
else:
    _CharField = models.CharField


class IdField(_CharField):
    """A typed id column. As a primary key it draws a fresh id; elsewhere it only holds one."""

    def __init__(self, id_class: type[ids.Id] | type[ids.SiteId] | str, **options: Any) -> None:
        self.id_class: Any = getattr(ids, id_class) if isinstance(id_class, str) else id_class
        options.setdefault("max_length", _ID_LENGTH_MAX)
        if options.get("primary_key") and hasattr(self.id_class, "new"):
            options.setdefault("default", self.id_class.new)
        super().__init__(**options)

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Any:
        return None if value is None else self.id_class(value)

    def to_python(self, value: Any) -> Any:
        return None if value is None else self.id_class(value)

    def deconstruct(self) -> Any:
        name, path, arguments, options = super().deconstruct()
        options.pop("default", None)
        return name, path, [self.id_class.__name__, *arguments], options
