"""Reads of runs, narrowed to what the reader may see."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from django.conf import settings
from django.core.cache import cache
from django.db.models import Count, Max, Min, Q, QuerySet, Sum

from fabrica.server.access import queries as access
from fabrica.server.core import clock
from fabrica.server.core.actors import Actor
from fabrica.server.people import queries as people
from fabrica.server.placement import queries as placement
from fabrica.server.placement import service as placement_service
from fabrica.server.placement.service import History, Ours, Share, ShareOf
from fabrica.server.runs import rules
from fabrica.server.runs.models import Artifact, Attempt, LogChunk, MetricPoint, Run
from fabrica.server.sites import queries as sites
from fabrica.values.ids import AttemptId, ProjectId, RunId, SiteId, UserId
from fabrica.values.quantities import DeviceTime
from fabrica.values.states import AttemptState, EndReason, RunState
from fabrica.wire import runs as wire
from fabrica.wire.access import Allocation
from fabrica.wire.agents import email_sha256
from fabrica.wire.problems import NotFound

LOG_SLICE_BYTES_MAX = 1 << 20


def say(state: RunState) -> str:
    """Return a state as a past participle or phrase: `succeeded`, `timed out`."""
    return state.value.replace("_", " ")


def living(run: Run) -> Attempt | None:
    """Return the run's attempt that has not ended; there is at most one."""
    return Attempt.objects.filter(run=run).exclude(state=AttemptState.ENDED).first()


def run(by: Actor, run: RunId) -> wire.Run:
    """Return a run with its placement, attempts, metrics and artifacts.

    Raises:
        NotFound: no such run, or the actor may not see it.
    """
    row = _seen(by, run)
    told = as_wire(row, people.project_names({row.project_id}), people.user_names({row.submitted_by}), whole=True)
    return _with_silences((told,))[0]


def run_state(by: Actor, run: RunId) -> dict[str, str]:
    """Return a run's state, reason and words; raises NotFound as `run` does."""
    row = _seen(by, run)
    return {"state": row.state, "reason": row.reason, "words": row.words}


def told_state(by: Actor, run: RunId) -> dict[str, str]:
    """Return what `run_state` does, and in words that the scheduler where the run lives does not answer, if so."""
    state = run_state(by, run)
    lives = Attempt.objects.filter(run=run).exclude(state=AttemptState.ENDED).values_list("site_id", flat=True)
    silence = next(iter(sites.silences(set(lives)).values()), None)
    return state | {"silence": silence.words if silence else ""}


def share_of(allocations: tuple[Allocation, ...], spec: wire.RunSpec, now: datetime) -> ShareOf:
    """Return what answers, for placement, what the run may use at each site."""
    reserve = spec.resources.reserved_milliseconds

    def share(site: SiteId) -> Share:
        allocation = access.draw_on(allocations, site, reserve, now) or access.next_to_start(allocations, site, now)
        if allocation is None:
            return Share(reserve_milliseconds=reserve)
        return Share(
            reserve_milliseconds=reserve,
            free_milliseconds=allocation.free_milliseconds,
            granted_milliseconds=allocation.granted_milliseconds,
            starts_in_seconds=max(0, ceil((allocation.starts_at - now).total_seconds())),
            ends_in_seconds=int((allocation.ends_at - now).total_seconds()),
        )

    return share


def history(user: UserId | None, run: Run | None = None) -> History:
    """Return what runs have met: the sites that declined this one lately, and how often each site failed an attempt.

    And what sites may know the run's person by, and what waits of our own.
    """
    now = clock.now()
    declined: frozenset[SiteId] = frozenset()
    if run is not None:
        unanswered = run.attempts.filter(reason__in=rules.DECLINED, ended_at__gt=now - rules.LEASE * 2)
        declined = frozenset(unanswered.values_list("site_id", flat=True))
    kept_seconds = rules.FAILURE_SHARES_KEPT.total_seconds()
    shares: dict[SiteId, float] = cache.get_or_set("runs.failure_shares", _failure_shares, kept_seconds) or {}
    return History(declined, shares, _known_as(user), _ours())


def _ours() -> dict[SiteId, dict[str, Ours]]:
    """Return how many devices wait for our runs to come, or are waited for by them, at each site and partition."""
    waiting = Attempt.objects.filter(state__in=(*rules.COMING, AttemptState.QUEUED)).values_list("site_id", "partition")
    coming = Sum("devices", filter=Q(state__in=rules.COMING), default=0)
    queued = Sum("devices", filter=Q(state=AttemptState.QUEUED), default=0)
    found: dict[SiteId, dict[str, Ours]] = defaultdict(dict)
    for site, partition, *devices in waiting.annotate(coming=coming, queued=queued).order_by():
        found[site][partition] = Ours(*devices)
    return found


def _failure_shares() -> dict[SiteId, float]:
    recent = Attempt.objects.filter(state=AttemptState.ENDED, ended_at__gt=clock.now() - rules.FAILURE_WINDOW)
    failed = Count("pk", filter=Q(reason__in=rules.FAILED_BY_SITE))
    rows = recent.values_list("site_id").annotate(failed=failed, ended=Count("pk")).order_by()
    return {site: failed / ended for site, failed, ended in rows if ended >= rules.FAILURE_SAMPLES_MIN}


def _known_as(user: UserId | None) -> frozenset[str]:
    emails = people.user_emails({user}) if user else {}
    return frozenset(str(one) for one in emails) | {email_sha256(email) for email in emails.values()}


def dry_run(by: Actor, project: ProjectId, spec: wire.RunSpec) -> wire.DryRun:
    """Return where a run would go and what it would reserve, storing nothing.

    Raises:
        SiteUnknown: nobody knows a site that it names.
    """
    sites.check_known(spec.sites or ())
    allocations, now = access.allocations(by, project, spec.resources.resource_class), clock.now()
    share = share_of(allocations, spec, now)
    decision = placement_service.plan(by, spec=spec, share_of=share, history=history(by.user))
    reserve = spec.resources.reserved_milliseconds
    free = max((one.free_milliseconds for one in allocations if one.starts_at <= now < one.ends_at), default=None)
    nowhere = access.start_words(allocations, now) or "No site can take it."
    wait, where = None, nowhere
    if decision.chosen and decision.chosen_partition:
        wait = placement_service.told_wait(decision.chosen, decision.chosen_partition, spec.resources)
        spare = decision.candidates[0].devices_spare
        words = rules.wait_words(wait, devices=spec.resources.devices_total, devices_spare=spare)
        where = f"It would go to {decision.chosen}. {words}"
    amount = DeviceTime(reserve, spec.resources.resource_class)
    return wire.DryRun(
        placement=decision,
        reserve_milliseconds=reserve,
        resource_class=spec.resources.resource_class,
        free_milliseconds=free,
        enough=free is not None and free >= reserve,
        wait_q50_seconds=wait.q50_seconds if wait else None,
        wait_q90_seconds=wait.q90_seconds if wait else None,
        wait_samples=wait.samples if wait else 0,
        words=f"{where} It would reserve {amount}; what it does not use comes back.".strip(),
    )


def runs(
    by: Actor,
    *,
    project: ProjectId | None = None,
    state: RunState | None = None,
    site: SiteId | None = None,
    ended: bool | None = None,
    before: RunId | None = None,
    limit: int = 50,
) -> wire.RunList:
    """Return the newest runs the actor may see; `before` is the cursor of the page before."""
    rows = visible(by)
    if project is not None:
        rows = rows.filter(project_id=project)
    if state is not None:
        rows = rows.filter(state=state)
    if site is not None:
        rows = rows.filter(attempts__site_id=site).distinct()
    if ended is not None:
        final = [one for one in RunState if one.final]
        rows = rows.filter(state__in=final) if ended else rows.exclude(state__in=final)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows.order_by("-pk").prefetch_related("attempts")[: limit + 1])
    page = found[:limit]
    projects = people.project_names({row.project_id for row in page})
    users = people.user_names({row.submitted_by for row in page})
    cursor = str(page[-1].pk) if len(found) > limit else None
    told = tuple(as_wire(row, projects, users, whole=False) for row in page)
    return wire.RunList(runs=_with_silences(told), next_cursor=cursor)


def _with_silences(told: tuple[wire.Run, ...]) -> tuple[wire.Run, ...]:
    """Return runs with the silence of the schedulers where their attempts live."""
    last = {one.id: one.attempts[-1] for one in told if one.attempts}
    lives = {run: attempt.site for run, attempt in last.items() if attempt.state is not AttemptState.ENDED}
    silences = sites.silences(set(lives.values()))
    return tuple(
        one.model_copy(update={"silence": silences.get(lives[one.id]) if one.id in lives else None}) for one in told
    )


def visible(by: Actor) -> QuerySet[Run]:
    """Return the rows of runs that the actor may see, for the files of this slice."""
    if by.sees_everything:
        return Run.objects.all()
    return Run.objects.filter(project_id__in=[project.id for project in people.projects(by)])


def _seen(by: Actor, run: RunId) -> Run:
    row = visible(by).filter(pk=run).first()
    if row is None:
        raise NotFound(f"There is no run {run} that you may see.", remedy="List yours with 'fabrica runs'.")
    return row


def as_wire(row: Run, projects: dict[ProjectId, str], users: dict, *, whole: bool) -> wire.Run:  # type: ignore[type-arg]
    """Return a run as it is told, with artifacts and placement only when it is told `whole`."""
    attempts = sorted(row.attempts.all(), key=lambda attempt: attempt.number)
    last = attempts[-1] if attempts else None
    settled = settlement(row) if whole and attempts else None
    spec = wire.RunSpec.model_validate(row.spec)
    alive = last is not None and last.state != AttemptState.ENDED
    return wire.Run(
        id=row.pk,
        name=row.name,
        project=row.project_id,
        project_name=projects.get(row.project_id, ""),
        submitted_by=users.get(row.submitted_by, ""),
        state=RunState(row.state),
        reason=row.reason or None,
        words=row.words,
        spec=spec,
        site=last.site_id if last else None,
        simulated=bool(last and last.simulated),
        placement=placement.placement(last.placement_id)
        if whole and last
        else placement.latest(row.pk)
        if whole
        else None,
        attempts=tuple(_attempt(attempt) for attempt in attempts),
        usage=rules.sum_usage([wire.Usage.model_validate(attempt.usage) for attempt in attempts]),
        metrics=settled.metrics if settled else (),
        artifacts=settled.artifacts if settled else (),
        charged_milliseconds=sum(attempt.charged_milliseconds for attempt in attempts),
        reserved_milliseconds=spec.resources.reserved_milliseconds if alive else 0,
        cancel_requested=row.cancel_requested_at is not None,
        submitted_at=row.submitted_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
        observed_at=last.observed_at if last else None,
        page=f"{settings.PUBLIC_URL}/runs/{row.pk}",
    )


def _attempt(row: Attempt) -> wire.Attempt:
    return wire.Attempt(
        id=row.pk,
        number=row.number,
        site=row.site_id,
        state=AttemptState(row.state),
        fence=row.fence,
        reason=EndReason(row.reason) if row.reason else None,
        words=row.words,
        exit_code=row.exit_code,
        handle=row.handle or None,
        observed_at=row.observed_at,
        offered_at=row.offered_at,
        queued_at=row.queued_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
        wait_q50_seconds=row.wait_q50_seconds,
        wait_q90_seconds=row.wait_q90_seconds,
        wait_samples=row.wait_samples,
        expected_start_at=row.expected_start_at,
        tasks=row.tasks,
        usage=wire.Usage.model_validate(row.usage),
        charged_milliseconds=row.charged_milliseconds,
    )


@dataclass(frozen=True, slots=True)
class Settlement:
    """What a run came to: sums over its attempts, and what the last one left."""

    usage: wire.Usage
    metrics: tuple[wire.Metric, ...]
    artifacts: tuple[wire.Artifact, ...]
    record_sha256: str | None
    charged_milliseconds: int


def settlement(row: Run) -> Settlement:
    """Return what a run came to, so far."""
    attempts = list(Attempt.objects.filter(run=row).order_by("number"))
    artifacts = (
        tuple(
            artifact_of(artifact) for artifact in Artifact.objects.filter(attempt=attempts[-1]).order_by("kind", "path")
        )
        if attempts
        else ()
    )
    seal = next((one.sha256 for one in artifacts if one.kind == "record" and one.path == "seal.json"), None)
    return Settlement(
        usage=rules.sum_usage([wire.Usage.model_validate(attempt.usage) for attempt in attempts]),
        metrics=_last_metrics(attempts[-1]) if attempts else (),
        artifacts=artifacts,
        record_sha256=seal,
        charged_milliseconds=sum(attempt.charged_milliseconds for attempt in attempts),
    )


def _last_metrics(attempt: Attempt) -> tuple[wire.Metric, ...]:
    """Return the last value of each metric, in the order in which they first came."""
    names = attempt.metric_points.values("name").annotate(first=Min("id"), last=Max("id")).order_by("first")
    last = attempt.metric_points.in_bulk([row["last"] for row in names])
    points = (last[row["last"]] for row in names)
    return tuple(wire.Metric(name=point.name, value=point.value, step=point.step) for point in points)


def metrics(by: Actor, run: RunId) -> tuple[wire.MetricSeries, ...]:
    """Return every metric of the run's last attempt, by step.

    Raises:
        NotFound: no such run, or the actor may not see it.
    """
    attempt = _seen(by, run).attempts.order_by("-number").first()
    points: dict[str, list[tuple[int, float | None]]] = {}
    if attempt is not None:
        for point in MetricPoint.objects.filter(attempt=attempt).order_by("id"):
            points.setdefault(point.name, []).append((point.step, point.value))
    return tuple(wire.MetricSeries(name=name, points=tuple(series)) for name, series in points.items())


def log(by: Actor, run: RunId, *, offset: int = 0, attempt: AttemptId | None = None) -> wire.LogSlice:
    """Return the log from byte `offset` on, at most 1 MiB; of the last attempt unless another is named.

    Raises:
        NotFound: no such run or attempt, or the actor may not see it.
    """
    row = _seen(by, run)
    found = row.attempts.filter(pk=attempt).first() if attempt else row.attempts.order_by("-number").first()
    if found is None:
        if attempt is not None:
            raise NotFound(f"The run has no attempt {attempt}.")
        return wire.LogSlice(attempt=None, offset=offset, next_offset=offset, text="", ended=RunState(row.state).final)
    text, reached = _log_text(found, offset)
    ended = found.state == AttemptState.ENDED and len(text.encode()) < LOG_SLICE_BYTES_MAX
    return wire.LogSlice(
        attempt=found.pk,
        offset=offset,
        next_offset=reached,
        text=text,
        ended=ended and (attempt is not None or RunState(row.state).final),
        dropped_bytes=found.log_dropped_bytes,
    )


def _log_text(attempt: Attempt, offset: int) -> tuple[str, int]:
    """Return text from a byte on, and where it ends. What a site left out is skipped."""
    before = LogChunk.objects.filter(attempt=attempt, offset__lte=offset).order_by("-offset").first()
    chunks = LogChunk.objects.filter(attempt=attempt, offset__gte=before.offset if before else 0).order_by("offset")
    pieces: list[str] = []
    size, reached = 0, offset
    for chunk in chunks.iterator(chunk_size=50):
        end = chunk.offset + chunk.length
        if end <= reached:
            continue
        skipped = max(0, reached - chunk.offset)
        pieces.append(chunk.text.encode()[skipped:].decode(errors="replace") if skipped else chunk.text)
        size += end - max(reached, chunk.offset)
        reached = end
        if size >= LOG_SLICE_BYTES_MAX:
            break
    return "".join(pieces), reached


def artifact(by: Actor, run: RunId, sha256: str) -> wire.Artifact:
    """Return one artifact of a run by its hash.

    Raises:
        NotFound: the run left no such file, or the actor may not see it.
    """
    row = Artifact.objects.filter(attempt__run=_seen(by, run), sha256=sha256).first()
    if row is None:
        raise NotFound(f"The run left no file with the SHA-256 {sha256}.")
    return artifact_of(row)


def artifact_of(row: Artifact) -> wire.Artifact:
    """Return an artifact as it is told."""
    return wire.Artifact.model_validate({"path": row.path, "sha256": row.sha256, "bytes": row.bytes, "kind": row.kind})
