"""The operators' tables of runs."""

from django.contrib import admin

from fabrica.server.core.admin import ReadOnlyAdmin
from fabrica.server.runs.models import Attempt, Run


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    list_display = ("id", "name", "project", "state", "reason", "submitted_at", "ended_at")
    list_filter = ("state", "reason")
    search_fields = ("id", "name")
    list_select_related = ("project",)
    ordering = ("-id",)


@admin.register(Attempt)
class AttemptAdmin(ReadOnlyAdmin):
    list_display = ("id", "run_id", "number", "site_id", "state", "reason", "simulated", "charged_milliseconds")
    list_filter = ("state", "reason", "simulated")
    search_fields = ("id", "run__id")
    raw_id_fields = ("run",)
    ordering = ("-id",)
