"""Background loops of the AI Act desk."""

import hashlib
import logging
from datetime import timedelta
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import OuterRef, Q, Subquery

from fabrica.aiact import library
from fabrica.aiact.documents.writers import written
from fabrica.server.aiact import calendar_service, issue_service, notice_service, result_service
from fabrica.server.aiact.calendar_queries import days_ahead
from fabrica.server.aiact.models import IssueOrder, Notice, Result, Version
from fabrica.server.aiact.notice_service import TRIES_MAX
from fabrica.server.core import clock
from fabrica.server.core.actors import SYSTEM
from fabrica.server.core.claims import claimed
from fabrica.server.core.reconcilers import count_moved, reconciler
from fabrica.server.core.storage import open_storage
from fabrica.server.people import queries as people
from fabrica.values.ids import DocumentId
from fabrica.wire.documents import Document
from fabrica.wire.problems import FabricaError
from fabrica.wire.systems import OrderState

_log = logging.getLogger("fabrica.aiact")
_CLAIM_SECONDS = 300
_VERSIONS_AT_ONCE = 200
_DAYS_AHEAD = 30
_NOTICES_KEPT = timedelta(days=90)


@reconciler(every_seconds=3600, hinted_by="aiact")
def find_results_again() -> int:
    """Find results of an earlier state of the law's data again, oldest first; return how many."""
    newest = Result.objects.filter(version=OuterRef("pk")).order_by("-pk").values("law_sha256")[:1]
    rows = Version.objects.annotate(law=Subquery(newest)).filter(law__isnull=False).exclude(law=library.digest())
    return count_moved(
        lambda version: result_service.find_again(SYSTEM, version=version),
        list(rows.order_by("pk").values_list("pk", flat=True)[:_VERSIONS_AT_ONCE]),
    )


@reconciler(every_seconds=6 * 3600)
def tell_of_days_ahead() -> int:
    """Tell leads by e-mail of each day within a month on which something falls due, once; return how many messages."""
    if not settings.EMAIL_FROM:
        return 0
    before = Notice.objects.count()
    for version, day, entries in days_ahead(clock.now().date(), _DAYS_AHEAD):
        calendar_service.tell_of_day(SYSTEM, version=version, day=day, entries=entries)
    return Notice.objects.count() - before


@reconciler(every_seconds=60, hinted_by="aiact")
def send_notices() -> int:
    """Send e-mail that waits, outside of any transaction; what cannot be sent is tried again later, a few times."""
    now = clock.now()
    waiting = Q(sent_at=None, tries__lt=TRIES_MAX, try_after__lte=now)
    Notice.objects.filter(made_at__lt=now - _NOTICES_KEPT).delete()
    return count_moved(_send, claimed(Notice, where=waiting, limit=20, seconds=_CLAIM_SECONDS))


def _send(notice: int) -> bool:
    row = Notice.objects.get(pk=notice)
    address = people.mail_address(row.user_id)
    sent = False
    if address:
        way_out = {"List-Unsubscribe": f"<{notice_service.mail_page()}>"}
        try:
            sent = bool(EmailMessage(row.subject, row.body, settings.EMAIL_FROM, [address], headers=way_out).send())
        except (OSError, SMTPException) as trouble:  # the address is no word for a log
            _log.warning("mail could not be sent", extra={"notice": row.pk, "trouble": type(trouble).__name__})
    notice_service.keep_sent(SYSTEM, notice=notice, sent=sent)
    return sent


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
