"""The operators' table of scenarios: without names, texts and results, which are their authors'."""

from django.contrib import admin

from fabrica.server.core.admin import ReadOnlyAdmin
from fabrica.server.planning.models import Scenario


@admin.register(Scenario)
class ScenarioAdmin(ReadOnlyAdmin):
    list_display = ("id", "kind", "state", "progress", "created_at", "ended_at", "attempts")
    list_filter = ("kind", "state")
    fields = ("id", "kind", "state", "progress", "attempts", "created_at", "started_at", "ended_at", "data_version")
