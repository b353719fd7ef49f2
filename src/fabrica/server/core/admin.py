"""The operators' tables: read-only wherever a verb guards the change, which is everywhere."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from fabrica.server.core.models import AuditLine, Fact


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """A table that is looked at. What changes it is a verb, on a page or over the API."""

    show_full_result_count = False
    list_per_page = 50

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.actor.is_operator)  # type: ignore[attr-defined]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Fact)
class FactAdmin(ReadOnlyAdmin):
    list_display = ("sequence", "kind", "subject", "actor", "at")
    list_filter = ("kind",)
    search_fields = ("subject",)
    ordering = ("-sequence",)


@admin.register(AuditLine)
class AuditLineAdmin(ReadOnlyAdmin):
    list_display = ("at", "verb", "actor", "outcome")
    list_filter = ("outcome", "verb")
    ordering = ("-id",)
