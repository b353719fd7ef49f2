"""The verbs of placement."""

from collections.abc import Iterable
from datetime import datetime

from fabrica.placement.rank import rank, refusals
from fabrica.placement.snapshot import CandidateState, Needs, Snapshot
from fabrica.reference.network import load_network
from fabrica.server.core import clock
from fabrica.server.core.actors import Actor
from fabrica.server.core.facts import announce
from fabrica.server.core.verbs import verb
from fabrica.server.placement import facts, permissions, rules
from fabrica.server.placement.models import PlacementDecision
from fabrica.server.sites import queries as sites
from fabrica.values.ids import PlacementId, RunId, SiteId
from fabrica.values.time import to_rfc3339
from fabrica.waits.classes import forecast_for
from fabrica.wire.agents import WaitForecast
from fabrica.wire.placement import Placement
from fabrica.wire.runs import Resources, RunSpec

# What slices above hand in and ask, as part of this face.
History = rules.History
Ours = rules.Ours
Share = rules.Share
ShareOf = rules.ShareOf


def plan(by: Actor, *, spec: RunSpec, share_of: rules.ShareOf, history: rules.History) -> Placement:
    """Return the decision that would be made now, storing nothing."""
    return _planned(_snapshot(None, spec, share_of, history))


def refused_for_good(by: Actor, *, spec: RunSpec, share_of: rules.ShareOf, history: rules.History) -> Placement | None:
    """Return the decision with its reasons when no site could ever take the run; None: one may, now or in time."""
    snapshot = _snapshot(None, spec, share_of, history)
    return None if rules.may_be_placed(refusals(snapshot)) else _planned(snapshot)


def _planned(snapshot: Snapshot) -> Placement:
    return rank(snapshot).model_copy(update={"run": None})


@verb(may=permissions.the_service)
def choose(by: Actor, *, run: RunId, spec: RunSpec, share_of: rules.ShareOf, history: rules.History) -> Placement:
    """Decide where a run goes and keep the decision with the snapshot it was made from.

    A decision that chose nobody is kept only when it says something new.
    """
    snapshot = _snapshot(run, spec, share_of, history)
    placement = rank(snapshot)
    if placement.chosen is None and _said_before(run, placement):
        return placement
    kept = placement.model_copy(update={"id": PlacementId.new(), "run": run})
    assert kept.id is not None
    PlacementDecision.objects.create(
        pk=kept.id,
        run_id=run,
        decided_at=kept.decided_at,
        policy_version=kept.policy_version,
        chosen_site_id=kept.chosen,
        snapshot=rules.pack(snapshot.to_json()),
        snapshot_sha256=kept.snapshot_sha256,
        nearest=kept.nearest or "",
        answer=rules.pack(kept.model_dump_json().encode()),
    )
    announce(
        facts.PlacementDecided(
            run=run,
            placement=kept.id,
            chosen=kept.chosen,
            policy_version=kept.policy_version,
            snapshot_sha256=kept.snapshot_sha256,
        )
    )
    return kept


def told_wait(site: SiteId, partition: str, resources: Resources) -> WaitForecast | None:
    """Return what the site's history says now of how long such a run waits there; None: too little is known."""
    inventory = sites.inventory_at(site)
    found = next((one for one in inventory.partitions if one.name == partition), None) if inventory else None
    if found is None:
        return None
    return forecast_for(found.waits, resources.devices_total, resources.time_limit_seconds)


def _said_before(run: RunId, placement: Placement) -> bool:
    last = PlacementDecision.objects.filter(run_id=run).order_by("-pk").first()
    return last is not None and last.chosen_site_id is None and last.nearest == (placement.nearest or "")


def _snapshot(run: RunId | None, spec: RunSpec, share_of: rules.ShareOf, history: rules.History) -> Snapshot:
    now = clock.now()
    needs = rules.needs_of(run, spec)
    return Snapshot(
        needs=needs,
        candidates=tuple(_candidates(needs, share_of, history, now)),
        decided_at=to_rfc3339(now),
    )


def _candidates(
    needs: Needs, share_of: rules.ShareOf, history: rules.History, now: datetime
) -> Iterable[CandidateState]:
    speakers = sites.speakers(now)
    for site, speaker in speakers.items():
        has_account = _has_account(speaker.people, history.known_as)
        is_personal = bool(speaker.inventory and speaker.inventory.personal)
        seen = rules.SiteSeen(
            site=site,
            name=speaker.name,
            country=speaker.country or "unknown",
            simulated=speaker.simulated,
            draining=speaker.draining,
            agent_age_seconds=speaker.age_seconds,
            silent_seconds=speaker.silent_seconds,
            inventory=speaker.inventory,
            failure_share=history.failure_shares.get(site),
            ours=history.ours.get(site, {}),
            declined=site in history.declined,
            site_account=None if is_personal else has_account,
            own_site=has_account if is_personal else None,
        )
        yield from rules.candidates_of_agent(seen, share_of(site), needs, now)
    for factory in load_network().factories:
        if factory.id not in speakers:
            yield from rules.candidates_of_reference(factory, share_of(factory.id))


def _has_account(people: tuple[str, ...] | None, known_as: frozenset[str]) -> bool | None:
    return None if people is None else not known_as.isdisjoint(people)
