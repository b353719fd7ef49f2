"""The operators' tables of sites. What an agent signs with never comes here."""

from django.contrib import admin

from fabrica.server.core.admin import ReadOnlyAdmin
from fabrica.server.sites.models import Agent, Site


@admin.register(Site)
class SiteAdmin(ReadOnlyAdmin):
    list_display = ("id", "name", "country", "simulated", "draining")
    list_filter = ("simulated", "draining")


@admin.register(Agent)
class AgentAdmin(ReadOnlyAdmin):
    list_display = ("site", "name", "version", "enrolled_at", "last_word_at", "withdrawn_at")
    fields = ("id", *list_display, "protocol", "acknowledged", "inventory")
    list_select_related = ("site",)
