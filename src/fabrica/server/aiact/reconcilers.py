"""Background loops of the AI Act desk."""

import hashlib
import logging

from django.db.models import OuterRef, Q, Subquery

from fabrica.aiact import library
from fabrica.aiact.documents.writers import written
from fabrica.server.aiact import issue_service, result_service
from fabrica.server.aiact.models import IssueOrder, Result, Version
from fabrica.server.core.claims import claimed
from fabrica.server.core.reconcilers import count_moved, reconciler
from fabrica.server.core.storage import open_storage
from fabrica.server.core.verbs import SYSTEM
from fabrica.values.ids import DocumentId
from fabrica.wire.documents import Document
from fabrica.wire.problems import FabricaError
from fabrica.wire.systems import OrderState

_log = logging.getLogger("fabrica.aiact")
_CLAIM_SECONDS = 300
_VERSIONS_AT_ONCE = 200


@reconciler(every_seconds=3600, hinted_by="aiact")
def find_results_again() -> int:
    """Find results of an earlier state of the law's data again, oldest first; return how many."""
    newest = Result.objects.filter(version=OuterRef("pk")).order_by("-pk").values("law_sha256")[:1]
    rows = Version.objects.annotate(law=Subquery(newest)).filter(law__isnull=False).exclude(law=library.digest())
    return count_moved(
        lambda version: result_service.find_again(SYSTEM, version=version),
        list(rows.order_by("pk").values_list("pk", flat=True)[:_VERSIONS_AT_ONCE]),
    )


@reconciler(every_seconds=10, hinted_by="aiact")
def write_ordered_issues() -> int:
    """Write the files of ordered documents outside of any transaction, store them, and have them signed."""
    waiting = Q(state=OrderState.ORDERED)
    return count_moved(_write, claimed(IssueOrder, where=waiting, limit=5, seconds=_CLAIM_SECONDS))


def _write(document: DocumentId) -> bool:
    order = IssueOrder.objects.get(pk=document)
    try:
        files = written(Document.model_validate(order.document), order.formats)
        for content in files.values():
            open_storage().store(hashlib.sha256(content).hexdigest(), [content], len(content))
    except FabricaError as problem:  # as a missing writer, or a full storage: a person decides what next
        issue_service.give_up_issue(SYSTEM, document=document, words=str(problem))
    else:
        issue_service.keep_issue(SYSTEM, document=document, files=files)
    return True
