"""The verbs of sites."""

from fabrica.reference.network import load_network
from fabrica.server.core import clock
from fabrica.server.core.actors import Actor
from fabrica.server.core.facts import announce
from fabrica.server.core.hints import hint
from fabrica.server.core.tokens import fingerprint, new_token
from fabrica.server.core.verbs import verb
from fabrica.server.sites import facts, permissions, queries, rules
from fabrica.server.sites.models import Agent, AgentEvent, Site
from fabrica.values.ids import AgentId, SiteId
from fabrica.wire.agents import AgentRefused, Event, SiteClaimed, SyncRequest
from fabrica.wire.problems import NotAllowed, NotFound
from fabrica.wire.sites import Enrolment, SiteUnknown


@verb(may=permissions.operator)
def add_site(by: Actor, *, site: SiteId, name: str, country: str = "", simulated: bool = False) -> None:
    """Add a site of our own, or note that a known one will have an agent. Adding twice changes nothing."""
    Site.objects.get_or_create(pk=site, defaults={"name": name, "country": country, "simulated": simulated})


@verb(may=permissions.operator)
def enrol_agent(by: Actor, *, site: SiteId, name: str, replace: bool = False) -> Enrolment:
    """Let an agent speak for a site; its token is shown only now.

    Raises:
        SiteUnknown: neither the reference data nor the office knows the site.
        SiteClaimed: an agent speaks for it already, and `replace` was not asked.
    """
    row = Site.objects.filter(pk=site).first() or _adopt(site)
    old = Agent.objects.filter(site=row, withdrawn_at__isnull=True).first()
    if old is not None and not replace:
        raise SiteClaimed(
            f"The agent '{old.name}' speaks for {site} already.", remedy="Ask with replace to withdraw it first."
        )
    if old is not None:
        Agent.objects.filter(pk=old.pk).update(withdrawn_at=clock.now())
        announce(facts.AgentWithdrawn(site=site, agent=old.pk))
    token = new_token()
    agent = Agent.objects.create(site=row, name=name, token_sha256=fingerprint(token), enrolled_at=clock.now())
    announce(facts.AgentEnrolled(site=site, agent=agent.pk, name=name, simulated=row.simulated))
    return Enrolment(agent=queries.agent(agent), token=token)


def _adopt(site: SiteId) -> Site:
    known = load_network().site(site)
    if known is None:
        raise SiteUnknown(f"There is no site {site}.", remedy="List the sites with 'fabrica sites', or add it first.")
    return Site.objects.create(pk=site, name=getattr(known, "short_name", None) or str(site), country=known.country)


@verb(may=permissions.operator)
def withdraw_agent(by: Actor, *, agent: AgentId) -> None:
    """Take an agent's word away; withdrawing twice changes nothing. What it runs goes on at the site.

    Raises:
        NotFound: there is no such agent.
    """
    row = Agent.objects.select_for_update().filter(pk=agent).first()
    if row is None:
        raise NotFound(f"There is no agent {agent}.", remedy="Look at its site; it names the agent.")
    if row.withdrawn_at is None:
        Agent.objects.filter(pk=agent).update(withdrawn_at=clock.now())
        announce(facts.AgentWithdrawn(site=row.site_id, agent=agent))


@verb(may=permissions.operator)
def set_draining(by: Actor, *, site: SiteId, draining: bool, reason: str = "") -> None:
    """Stop giving a site new work, for a reason that everybody reads, or resume; what it runs goes on.

    Raises:
        SiteUnknown: neither the reference data nor the office knows the site.
        Malformed: it is drained without a reason.
    """
    reason = reason.strip()
    rules.check_draining(draining, reason)
    row = Site.objects.filter(pk=site).first() or _adopt(site)
    Site.objects.filter(pk=row.pk).update(draining=draining, draining_reason=reason if draining else "")
    announce(facts.DrainingSet(site=site, draining=draining, reason=reason))
    hint("runs")


@verb(may=permissions.the_agent)
def hear(by: Actor, *, request: SyncRequest) -> tuple[Event, ...]:
    """Note an agent's word and return its new events in order; the caller records them in the same transaction.

    Raises:
        ProtocolUnknown: the agent speaks another protocol.
        SiteClaimed: another journal speaks for the site.
    """
    rules.check_protocol(request)
    now = clock.now()
    row = Agent.objects.select_for_update().get(pk=by.agent)
    speaker = rules.claim(rules.Speaker(row.epoch, row.acknowledged, row.last_word_at), request.epoch, now)
    if row.epoch not in ("", request.epoch):
        announce(facts.JournalReplaced(site=row.site_id, agent=row.pk))
    intake = rules.take_in(request.events, speaker.acknowledged)
    AgentEvent.objects.bulk_create(
        AgentEvent(
            agent=row, epoch=request.epoch, sequence=event.sequence, sha256=rules.fingerprint(event), taken_at=now
        )
        for event in intake.new
    )
    _check_repeats(row, request.epoch, intake.repeated)  # after the new ones: a repeat may be in the same message
    changed = {
        "epoch": request.epoch,
        "acknowledged": intake.acknowledged,
        "last_word_at": now,
        "version": request.agent_version[:40],
        "protocol": request.protocol,
    }
    if request.inventory is not None:
        changed["inventory"] = request.inventory.model_dump(mode="json")
        if request.inventory != queries.inventory(row):
            hint("runs")
    Agent.objects.filter(pk=row.pk).update(**changed)
    return intake.new


def _check_repeats(row: Agent, epoch: str, repeated: tuple[Event, ...]) -> None:
    """Sound an alarm for each repeated event whose content changed. The first content stands."""
    known = dict(
        AgentEvent.objects.filter(
            agent=row, epoch=epoch, sequence__in=[event.sequence for event in repeated]
        ).values_list("sequence", "sha256")
    )
    for event in repeated:
        if known.get(event.sequence, rules.fingerprint(event)) != rules.fingerprint(event):
            announce(facts.EventAltered(site=row.site_id, agent=row.pk, sequence=event.sequence))


def actor_of_agent(token: str) -> Actor:
    """Return the agent that shows this token.

    Raises:
        AgentRefused: the token is unknown.
        NotAllowed: the agent was withdrawn.
    """
    row = Agent.objects.select_related("site").filter(token_sha256=fingerprint(token)).first()
    if row is None:
        raise AgentRefused("This agent token is not known here.", remedy="Enrol the site again.")
    if row.withdrawn_at is not None:
        raise NotAllowed(f"The agent of {row.site_id} was withdrawn.", remedy="Enrol the site again.")
    return Actor(name=f"agent of {row.site_id}", agent=row.pk, site=row.site_id)
