"""What an attempt leaves behind beside its state: rows of its log, its metrics and its artifacts."""

from fabrica.server.runs import uploads
from fabrica.server.runs.models import Artifact, Attempt, LogChunk, MetricPoint
from fabrica.wire.agents import ArtifactNotSent, Event


def keep(attempt: Attempt, event: Event) -> None:
    """Store what an event brings. What comes again, as a piece of the log or a path, changes nothing.

    Raises:
        ArtifactNotSent: the site tells of a file whose bytes it has not sent.
    """
    _keep_log(attempt, event)
    _keep_metrics(attempt, event)
    _keep_artifacts(attempt, event)


def _keep_log(attempt: Attempt, event: Event) -> None:
    if event.log_text is None or event.log_offset is None:
        return
    length = len(event.log_text.encode())
    text = event.log_text.replace("\0", "�")
    chunk = LogChunk(attempt=attempt, offset=event.log_offset, length=length, text=text)
    LogChunk.objects.bulk_create([chunk], ignore_conflicts=True)


def _keep_metrics(attempt: Attempt, event: Event) -> None:
    if not event.metrics:
        return
    MetricPoint.objects.bulk_create(
        MetricPoint(attempt=attempt, name=series.name[:200], step=step, value=value)
        for series in event.metrics
        for step, value in series.points
    )


def _keep_artifacts(attempt: Attempt, event: Event) -> None:
    if not event.artifacts:
        return
    if missing := uploads.not_sent(attempt.site_id, {one.sha256 for one in event.artifacts}):
        paths = ", ".join(one.path for one in event.artifacts if one.sha256 in missing)
        raise ArtifactNotSent(f"The site has not sent {paths}.", remedy="It uploads a file before it tells of it.")
    Artifact.objects.bulk_create(
        (
            Artifact(attempt=attempt, kind=one.kind, path=one.path, sha256=one.sha256, bytes=one.bytes)
            for one in event.artifacts
        ),
        ignore_conflicts=True,  # a path's first content stands
    )
