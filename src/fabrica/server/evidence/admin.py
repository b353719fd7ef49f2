"""The operators' table of evidence."""

from django.contrib import admin

from fabrica.server.core.admin import ReadOnlyAdmin
from fabrica.server.evidence.models import EvidenceRecord


@admin.register(EvidenceRecord)
class EvidenceRecordAdmin(ReadOnlyAdmin):
    list_display = ("sequence", "fact_kind", "subject", "happened_at", "hash")
    list_filter = ("fact_kind",)
    search_fields = ("subject",)
    ordering = ("-sequence",)
