"""Reads of placement. Whoever may see a run may see its decisions; the caller has checked that."""

from fabrica.placement.rank import replay
from fabrica.server.placement import rules
from fabrica.server.placement.models import PlacementDecision
from fabrica.values.ids import PlacementId, RunId
from fabrica.wire.placement import KeptDecision, Placement


def placement(placement: PlacementId) -> Placement | None:
    """Return one decision."""
    row = PlacementDecision.objects.filter(pk=placement).first()
    return _answer(row) if row else None


def latest(run: RunId) -> Placement | None:
    """Return a run's last decision."""
    row = PlacementDecision.objects.filter(run_id=run).order_by("-pk").first()
    return _answer(row) if row else None


def of_run(run: RunId) -> tuple[Placement, ...]:
    """Return every decision of a run, the newest first."""
    rows = PlacementDecision.objects.filter(run_id=run).order_by("-pk")
    return tuple(_answer(row) for row in rows)


def kept(run: RunId) -> tuple[KeptDecision, ...]:
    """Return what every decision of a run was made from, the newest first, so that anybody can make it again."""
    rows = PlacementDecision.objects.filter(run_id=run).order_by("-pk")
    return tuple(
        KeptDecision(
            placement=row.pk,
            snapshot=rules.unpack(bytes(row.snapshot)).decode(),
            snapshot_sha256=row.snapshot_sha256,
            chosen=row.chosen_site_id,
            chosen_partition=_answer(row).chosen_partition,
        )
        for row in rows
    )


def replayed(placement: PlacementId) -> Placement:
    """Decide again from the kept snapshot: the same answer, whatever the network looks like now."""
    row = PlacementDecision.objects.get(pk=placement)
    return replay(rules.unpack(bytes(row.snapshot)))


def _answer(row: PlacementDecision) -> Placement:
    return Placement.model_validate_json(rules.unpack(bytes(row.answer)))
