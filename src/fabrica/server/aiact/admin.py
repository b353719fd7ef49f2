"""The operators' tables of the AI Act desk, read only: every change is a verb's."""

from django.contrib import admin

from fabrica.server.aiact.models import IssuedDocument, System, Version
from fabrica.server.core.admin import ReadOnlyAdmin


@admin.register(System)
class SystemAdmin(ReadOnlyAdmin):
    list_display = ("id", "name", "kind", "project", "provider_name")
    list_filter = ("kind",)
    list_select_related = ("project",)


@admin.register(Version)
class VersionAdmin(ReadOnlyAdmin):
    list_display = ("id", "system", "label", "state", "market_on", "created_at")
    list_filter = ("state",)
    list_select_related = ("system",)


@admin.register(IssuedDocument)
class IssuedDocumentAdmin(ReadOnlyAdmin):
    list_display = ("id", "version", "template", "recipient", "number", "issued_at", "keep_until")
    list_filter = ("template", "recipient")
    list_select_related = ("version",)
