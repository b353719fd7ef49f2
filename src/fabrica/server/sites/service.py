"""The verbs of sites."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from django.db.models import F
from django.http import HttpRequest, HttpResponse

from fabrica.reference.network import load_network
from fabrica.server.core import clock, codes
from fabrica.server.core.actors import Actor
from fabrica.server.core.facts import announce
from fabrica.server.core.hints import hint
from fabrica.server.core.verbs import verb
from fabrica.server.sites import facts, keys, permissions, queries, rules
from fabrica.server.sites.models import Agent, AgentEvent, Site
from fabrica.server.sites.models import Invitation as Row
from fabrica.values.ids import AgentId, SiteId
from fabrica.wire import agents as wire_agents
from fabrica.wire.agents import AgentRefused, Event, SiteClaimed, SyncRequest
from fabrica.wire.enrolment import INVITATION_HOURS, AgentToken, CodeRefused, CodeUse, Enrolled, Invitation
from fabrica.wire.problems import NotAllowed, NotFound
from fabrica.wire.signatures import NONCE_HEADER, SIGNATURE_HEADER, sign_answer, thumbprint

_NONCE_LENGTH_MAX = 100


@verb(may=permissions.operator)
def add_site(by: Actor, *, site: SiteId, name: str, country: str = "", simulated: bool = False) -> None:
    """Add a site of our own, or note that a known one will have an agent. Adding twice changes nothing."""
    Site.objects.get_or_create(pk=site, defaults={"name": name, "country": country, "simulated": simulated})


@verb(may=permissions.operator)
def invite(by: Actor, *, site: SiteId, name: str, hours: int = INVITATION_HOURS, replace: bool = False) -> Invitation:
    """Draw a code with which one agent may be enrolled for a site; it is shown only now. An older code ends.

    Raises:
        SiteUnknown: neither the reference data nor the office knows the site.
        SiteClaimed: an agent speaks for it already, and `replace` was not asked.
    """
    row = Site.objects.filter(pk=site).first() or _adopt(site)
    _check_free(row, replace)
    now = clock.now()
    row.invitations.filter(closed_at__isnull=True).update(closed_at=now)
    code = codes.new_code()
    expires_at = now + timedelta(hours=hours)
    row.invitations.create(
        name=name,
        replace=replace,
        selector=code.selector,
        secret_sha256=code.sha256,
        created_at=now,
        expires_at=expires_at,
    )
    announce(facts.AgentInvited(site=site, name=name))
    return Invitation(site=site, name=name, code=code.shown, expires_at=expires_at, server_key=keys.audience())


def _check_free(site: Site, replace: bool) -> Agent | None:
    """Return the agent that speaks for the site, if it may be replaced."""
    old = site.agents.filter(withdrawn_at__isnull=True).first()
    if old is not None and not replace:
        raise SiteClaimed(
            f"The agent '{old.name}' speaks for {site.pk} already.",
            remedy="Invite with 'replace' (--replace) if the new agent shall take its place.",
        )
    return old


def enrol_with_code(by: Actor, *, use: CodeUse) -> Enrolled:
    """Enrol the agent that shows a code. Each try with a code counts, right or wrong; the code works once.

    Raises:
        CodeRefused: no such code, or it was used, tried too often, or is too old.
        Malformed: the public key is none, or the proof is not of its private half.
        SiteClaimed: another agent was enrolled since.
    """
    code = codes.read_code(use.code)
    invitation = _try_code(by, selector=code.selector) if code else None
    if code is None or invitation is None or not code.opens(invitation.secret_sha256):
        raise CodeRefused(
            "This code is not one that works here.",
            remedy="It works once and for some days. Ask the network's office for a new one: 'fabrica sites invite'.",
        )
    keys.check_proof(use.public_key, use.proof, nonce=use.public_key)
    return _use_code(by, invitation=invitation.pk, public_key=use.public_key)


@verb(may=permissions.anyone)
def _try_code(by: Actor, *, selector: str) -> Row | None:
    """Count a try and return the invitation, if it may still be used. A verb of its own: the count stays."""
    usable = Row.objects.filter(
        selector=selector, closed_at__isnull=True, expires_at__gt=clock.now(), tries__lt=rules.CODE_TRIES_MAX
    )
    invitation = usable.first()
    return invitation if usable.update(tries=F("tries") + 1) else None


@verb(may=permissions.anyone)
def _use_code(by: Actor, *, invitation: int, public_key: str) -> Enrolled:
    row = Row.objects.select_for_update().select_related("site").get(pk=invitation)
    if row.closed_at is not None:  # two sites at once with one code: one of them
        raise CodeRefused("This code was used a moment ago.", remedy="Ask for a new one.")
    agent = _enrol(row.site, row.name, public_key, row.replace)
    Row.objects.filter(pk=row.pk).update(closed_at=clock.now(), agent=agent)
    return Enrolled(
        agent=agent.pk, site=row.site_id, name=row.name, server_key=keys.public_key(), server_time=clock.now()
    )


@verb(may=permissions.the_service)
def enrol_agent(by: Actor, *, site: SiteId, name: str, public_key: str, replace: bool = False) -> AgentId:
    """Let the holder of a key speak for a site: for agents that this very process starts. Others need a code.

    Raises:
        SiteUnknown: neither the reference data nor the office knows the site.
        SiteClaimed: an agent speaks for it already, and `replace` was not asked.
    """
    return _enrol(Site.objects.filter(pk=site).first() or _adopt(site), name, public_key, replace).pk


def _enrol(site: Site, name: str, public_key: str, replace: bool) -> Agent:
    old = _check_free(site, replace)
    if old is not None:
        site.agents.filter(pk=old.pk).update(withdrawn_at=clock.now())
        announce(facts.AgentWithdrawn(site=site.pk, agent=old.pk))
    agent = site.agents.create(name=name, public_key=public_key, enrolled_at=clock.now())
    key = thumbprint(public_key)
    announce(facts.AgentEnrolled(site=site.pk, agent=agent.pk, name=name, simulated=site.simulated, key=key))
    return agent


def _adopt(site: SiteId) -> Site:
    queries.check_known((site,))
    known = load_network().site(site)
    assert known is not None, "only the reference data knows a site without a row"
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
    """Note an agent's word and return its new events in order, their times by our own clock.

    The caller records them in the same transaction.

    Raises:
        ProtocolUnknown: the agent speaks another protocol.
        SiteClaimed: another journal speaks for the site.
    """
    rules.check_protocol(request)
    now = clock.now()
    row = Agent.objects.select_for_update().get(pk=by.agent)
    _carry_over(row, request.epoch)
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
    difference = _clock_difference(request, now)
    changed = {
        "epoch": request.epoch,
        "acknowledged": intake.acknowledged,
        "last_word_at": now,
        "version": request.agent_version[:40],
        "protocol": request.protocol,
        "clock_difference_seconds": difference,
    }
    if request.inventory is not None:
        shown = request.inventory.model_copy(update={"people": None})  # whom a site knows is not for everybody
        if (shown, request.inventory.people) != (queries.last_told(row), queries.people(row)):
            changed |= {"inventory": shown.model_dump(mode="json"), "people": request.inventory.people}
            hint("runs")
    Agent.objects.filter(pk=row.pk).update(**changed)
    return tuple(rules.by_our_clock(event, difference) for event in intake.new)


def _clock_difference(request: SyncRequest, now: datetime) -> int | None:
    return round((now - request.sent_at).total_seconds()) if request.sent_at else None


def _carry_over(row: Agent, epoch: str) -> None:
    """Let an agent that was enrolled anew over the journal it had go on where that journal was."""
    if row.epoch == "":
        before = row.site.agents.filter(epoch=epoch).order_by("-acknowledged").first()
        row.epoch, row.acknowledged = (epoch, before.acknowledged) if before else ("", 0)


def _check_repeats(row: Agent, epoch: str, repeated: tuple[Event, ...]) -> None:
    """Sound an alarm for each repeated event whose content changed. The first content stands."""
    if not repeated:
        return
    known = dict(
        AgentEvent.objects.filter(
            agent__site=row.site_id, epoch=epoch, sequence__in=[event.sequence for event in repeated]
        ).values_list("sequence", "sha256")
    )
    for event in repeated:
        if known.get(event.sequence, rules.fingerprint(event)) != rules.fingerprint(event):
            announce(facts.EventAltered(site=row.site_id, agent=row.pk, sequence=event.sequence))


@verb(may=permissions.anyone)
def give_token(by: Actor, *, assertion: str) -> AgentToken:
    """Give the agent that signed this server's challenge an access token. A challenge is answered once.

    Raises:
        AgentRefused: no agent here signed it, or the challenge is not fresh.
        NotAllowed: the agent was withdrawn.
    """
    now = clock.now()
    row = Agent.objects.filter(pk=keys.claimed_agent(assertion)).first()
    if row is None:
        raise AgentRefused("No such agent is enrolled here.", remedy="Enrol the site again.")
    if row.withdrawn_at is not None:
        raise NotAllowed(f"The agent of {row.site_id} was withdrawn.", remedy="Enrol the site again.")
    at = keys.check_assertion(assertion, row.pk, row.public_key, now)
    if not Agent.objects.filter(pk=row.pk, asserted_at__lt=at).update(asserted_at=at):
        raise AgentRefused("This challenge was answered before.", remedy="Ask for a new one.")
    return AgentToken(
        token=keys.new_token(row.pk, row.public_key, now), expires_in_seconds=keys.TOKEN_SECONDS, server_time=now
    )


@verb(may=permissions.the_agent)
def change_key(by: Actor, *, public_key: str, proof: str) -> wire_agents.Agent:
    """Know an agent by a new key from now on; its tokens of the old key end. Changing twice changes nothing.

    Raises:
        Malformed: the public key is none, or the proof is not of its private half.
    """
    assert by.agent is not None, "an agent has an id"
    keys.check_proof(public_key, proof, nonce=by.agent)
    row = Agent.objects.get(pk=by.agent)
    if row.public_key != public_key:
        Agent.objects.filter(pk=by.agent).update(public_key=public_key)
        announce(facts.AgentKeyChanged(site=row.site_id, agent=by.agent, key=thumbprint(public_key)))
    return queries.agent(Agent.objects.get(pk=by.agent))


def actor_of_agent(token: str) -> Actor:
    """Return the agent that shows this token.

    Raises:
        AgentTokenRefused: it is none of this server, expired, or of an older key.
        NotAllowed: the agent was withdrawn.
    """
    claims = keys.read_token(token, clock.now())
    row = Agent.objects.only("site_id", "public_key", "withdrawn_at").get(pk=claims.agent)
    keys.check_holder(claims, row.public_key, withdrawn=row.withdrawn_at is not None, site=row.site_id)
    return Actor(name=f"agent of {row.site_id}", agent=row.pk, site=row.site_id)


def server_key() -> str:
    """Return the public key that agents know this server by."""
    return keys.public_key()


def signed(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let an endpoint's answers carry this server's signature, for the question that came with a nonce."""

    @wraps(view)
    def answered(request: HttpRequest, *values: Any, **named: Any) -> HttpResponse:
        response = view(request, *values, **named)
        nonce = request.headers.get(NONCE_HEADER)
        if nonce and len(nonce) <= _NONCE_LENGTH_MAX:
            response[SIGNATURE_HEADER] = sign_answer(response.content, nonce=nonce, private_key=keys.private_key())
        return response

    return answered
