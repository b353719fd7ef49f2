"""What attachments announces: who and when, never what passed."""

from dataclasses import dataclass
from typing import ClassVar

from fabrica.server.core.facts import FactBody
from fabrica.values.ids import AttachmentId, AttemptId, RunId, SiteId


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached(FactBody):
    """The actor attached to an interactive run."""

    kind: ClassVar[str] = "attachments.attached"
    subject_field: ClassVar[str] = "run"
    run: RunId
    attempt: AttemptId
    attachment: AttachmentId
    site: SiteId


@dataclass(frozen=True, slots=True, kw_only=True)
class Detached(FactBody):
    """An attachment was ended: by its person, by its site, or with the process of this server that held it."""

    kind: ClassVar[str] = "attachments.detached"
    subject_field: ClassVar[str] = "run"
    run: RunId
    attachment: AttachmentId
