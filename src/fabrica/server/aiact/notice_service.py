"""E-mail to people of the desk: kept with the change it tells of, sent by a loop, only where the operator set it up.

A message says what happened and where to look, and never what stands there: mail is read on the way.
"""

from datetime import timedelta

from django.conf import settings
from django.urls import reverse

from fabrica.server.aiact import permissions
from fabrica.server.aiact.notice_models import Notice
from fabrica.server.core import clock
from fabrica.server.core.actors import SYSTEM, Actor
from fabrica.server.core.hints import hint
from fabrica.server.core.verbs import verb
from fabrica.server.people import queries as people
from fabrica.values.ids import ProjectId, UserId

TRIES_MAX = 8
_FIRST_PAUSE = timedelta(minutes=5)
_SUBJECT_LENGTH_MAX = 150
_ENDING = "This server sends it by itself; nobody reads a reply."


def notify(user: UserId, *, key: str, subject: str, words: str, page: str, **parts: object) -> None:
    """Keep a message to a person inside the verb that it tells of; `page` with `parts` is where it leads.

    Nothing is kept where no mail is sent, the person is no longer active or wants none, or their address cannot be
    believed.
    """
    if not settings.EMAIL_FROM or not people.mail_address(user):
        return
    address = settings.PUBLIC_URL + reverse(page, kwargs=parts)
    now = clock.now()
    Notice.objects.get_or_create(
        user_id=user,
        key=key,
        defaults={
            "subject": " ".join(subject.split())[:_SUBJECT_LENGTH_MAX],
            "body": f"{words}\n\n{address}\n\n{_ENDING}\nNo more such mail: {mail_page()}\n",
            "made_at": now,
            "try_after": now,
        },
    )
    hint("aiact")


def mail_page() -> str:
    """Return where a person switches such messages off."""
    return f"{settings.PUBLIC_URL}{reverse('people:mail')}"


def notify_leads(project: ProjectId, *, key: str, subject: str, words: str, page: str, **parts: object) -> None:
    """Keep a message to everybody who leads a project; as `notify`."""
    if settings.EMAIL_FROM:
        for member in people.project(SYSTEM, project).members:
            if member.role == "lead":
                notify(member.user, key=key, subject=subject, words=words, page=page, **parts)


@verb(may=permissions.the_service)
def keep_sent(by: Actor, *, notice: int, sent: bool) -> None:
    """Keep that a message went out, or when it is tried again; after some tries it is given up."""
    row = Notice.objects.select_for_update().get(pk=notice)
    row.tries += 1
    row.sent_at = clock.now() if sent else None
    row.try_after = clock.now() + _FIRST_PAUSE * 2**row.tries
    row.save(update_fields=["tries", "sent_at", "try_after"])
