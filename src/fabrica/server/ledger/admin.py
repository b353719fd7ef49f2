"""The operators' tables of the ledger."""

from django.contrib import admin

from fabrica.server.core.admin import ReadOnlyAdmin
from fabrica.server.ledger.models import Account, Book, Correction, Reservation, Transfer


@admin.register(Book)
class BookAdmin(ReadOnlyAdmin):
    list_display = ("pk", "project", "resource_class", "starts_at", "ends_at", "transfers_count")
    list_filter = ("resource_class",)


@admin.register(Account)
class AccountAdmin(ReadOnlyAdmin):
    list_display = ("pk", "kind", "book", "site", "resource_class", "balance_milliseconds")
    list_filter = ("kind", "resource_class")
    list_select_related = ("book",)


@admin.register(Reservation)
class ReservationAdmin(ReadOnlyAdmin):
    list_display = ("pk", "run", "site", "state", "amount_milliseconds", "charged_milliseconds", "used_milliseconds")
    list_filter = ("state",)
    search_fields = ("run", "attempt")


@admin.register(Transfer)
class TransferAdmin(ReadOnlyAdmin):
    list_display = ("sequence", "kind", "book", "number", "run", "site", "actor", "at")
    list_filter = ("kind",)
    search_fields = ("id", "run")
    ordering = ("-sequence",)


@admin.register(Correction)
class CorrectionAdmin(ReadOnlyAdmin):
    list_display = ("pk", "transfer", "right_milliseconds", "state", "proposed_by", "decided_by", "alone")
    list_filter = ("state",)
    list_select_related = ("transfer",)
