"""The operators' table of allocations."""

from django.contrib import admin

from fabrica.server.access.models import Allocation
from fabrica.server.core.admin import ReadOnlyAdmin


@admin.register(Allocation)
class AllocationAdmin(ReadOnlyAdmin):
    list_display = ("id", "project", "resource_class", "site_id", "starts_at", "ends_at")
    list_filter = ("resource_class",)
    list_select_related = ("project",)
