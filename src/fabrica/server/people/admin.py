"""The operators' tables of people. Passwords and tokens are not shown, not even their fingerprints."""

from django.contrib import admin

from fabrica.server.core.admin import ReadOnlyAdmin
from fabrica.server.people.models import AccessToken, Membership, Organisation, Project, User


@admin.register(User)
class UserAdmin(ReadOnlyAdmin):
    list_display = ("email", "name", "network_role", "is_active", "joined_at", "last_login")
    list_filter = ("network_role", "is_active")
    search_fields = ("email", "name")
    fields = ("id", *list_display)
    ordering = ("email",)


@admin.register(Organisation)
class OrganisationAdmin(ReadOnlyAdmin):
    list_display = ("name", "kind", "country", "id")
    search_fields = ("name",)


@admin.register(Project)
class ProjectAdmin(ReadOnlyAdmin):
    list_display = ("name", "organisation", "created_at", "id")
    search_fields = ("name",)
    list_select_related = ("organisation",)


@admin.register(Membership)
class MembershipAdmin(ReadOnlyAdmin):
    list_display = ("project", "user", "role")
    list_filter = ("role",)
    list_select_related = ("project", "user")


@admin.register(AccessToken)
class AccessTokenAdmin(ReadOnlyAdmin):
    list_display = ("user", "name", "created_at", "expires_at", "withdrawn_at", "last_used_on")
    fields = list_display
    list_select_related = ("user",)
