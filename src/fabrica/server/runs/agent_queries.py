"""Reads of runs that a site's agent asks for: its work orders, what to stop, what to forget, what it may fetch."""

from datetime import datetime

from fabrica.server.core.actors import Actor
from fabrica.server.people import queries as people
from fabrica.server.runs import queries
from fabrica.server.runs.models import Artifact, Attempt, Run
from fabrica.values.ids import AttemptId
from fabrica.values.states import AttemptState, EndReason
from fabrica.wire import runs as wire
from fabrica.wire.agents import AttemptSeen, Cancel, WorkOrder, email_sha256

_TAKEN = tuple(state for state in AttemptState if state not in (AttemptState.OFFERED, AttemptState.ENDED))


def leases(by: Actor, now: datetime, limit: int, digest: tuple[AttemptSeen, ...] = ()) -> tuple[WorkOrder, ...]:
    """Return the work orders offered to the agent's site, oldest first; sent again until its digest names them."""
    if not limit:
        return ()
    rows = Attempt.objects.filter(site_id=by.site, state=AttemptState.OFFERED, accept_before__gt=now)
    known = {seen.attempt for seen in digest}
    offered = [pk for pk in rows.order_by("pk").values_list("pk", flat=True) if pk not in known][:limit]
    found = Attempt.objects.filter(pk__in=offered).select_related("run").order_by("pk") if offered else ()
    emails = people.user_emails({row.run.submitted_by for row in found}) if found else {}
    return tuple(_order(row, emails.get(row.run.submitted_by)) for row in found)


def _order(row: Attempt, email: str | None) -> WorkOrder:
    spec = wire.RunSpec.model_validate(row.run.spec)
    return WorkOrder(
        attempt=row.pk,
        run=row.run_id,
        fence=row.fence,
        number=row.number,
        name=spec.name,
        partition=row.partition,
        purpose=spec.purpose,
        command=spec.command,
        bundle_sha256=spec.bundle_sha256,
        environment=spec.environment,
        resources=spec.resources,
        datasets=spec.datasets,
        outputs=spec.outputs,
        checkpoint=spec.checkpoint,
        interactive=spec.interactive,
        continues_from=_saved(row.run) if spec.checkpoint else (),
        person=row.run.submitted_by,
        project=row.run.project_id,
        person_email_sha256=email_sha256(email) if email else None,
        accept_before=row.accept_before,
    )


def cancels(by: Actor, digest: tuple[AttemptSeen, ...]) -> tuple[Cancel, ...]:
    """Return what the agent's site is to stop: cancelled runs, and attempts that ended here while the site had them."""
    here = Attempt.objects.filter(site_id=by.site).values_list("pk", "reason", "run__reason")
    held = [seen.attempt for seen in digest if seen.state is not AttemptState.ENDED]
    unwanted = list(here.filter(state__in=_TAKEN, run__cancel_requested_at__isnull=False))
    if held:
        unwanted += here.filter(pk__in=held, state=AttemptState.ENDED)
    return tuple(Cancel(attempt=attempt, reason=EndReason(ended or asked)) for attempt, ended, asked in unwanted)


def forgettable(by: Actor, digest: tuple[AttemptSeen, ...]) -> tuple[AttemptId, ...]:
    """Return the attempts that have ended here and at the site: the agent may drop them."""
    ended = [seen.attempt for seen in digest if seen.state is AttemptState.ENDED]
    if not ended:
        return ()
    return tuple(Attempt.objects.filter(pk__in=ended, site_id=by.site, state="ended").values_list("pk", flat=True))


def _saved(run: Run) -> tuple[wire.Artifact, ...]:
    """Return the checkpoint files of the latest attempt that left some."""
    left = list(Artifact.objects.filter(attempt__run=run, kind="checkpoint").order_by("-attempt__number", "path"))
    return tuple(queries.artifact_of(row) for row in left if row.attempt_id == left[0].attempt_id)


def may_read_bundle(by: Actor, sha256: str) -> bool:
    """Return whether the agent's site has an attempt that runs this bundle, or goes on from this checkpoint file."""
    here = Attempt.objects.filter(site_id=by.site)
    saved = Artifact.objects.filter(kind="checkpoint", sha256=sha256).values("attempt__run")
    return here.filter(run__spec__bundle_sha256=sha256).exists() or here.filter(run__in=saved).exists()
