"""What operators do to a site on its page: invite an agent, stop or resume new work, withdraw the agent."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from fabrica.server.core.requests import Viewed
from fabrica.server.sites import queries, service
from fabrica.values.ids import AgentId, SiteId
from fabrica.wire.problems import NotFound


@require_POST
@login_required
def set_draining(request: Viewed, site: SiteId) -> HttpResponse:
    """Stop giving the site new work, or resume: as `draining` says."""
    draining = request.POST.get("draining") == "yes"
    service.set_draining(request.actor, site=site, draining=draining, reason=request.POST.get("reason", ""))
    words = _("The site takes no new runs. What it runs goes on.") if draining else _("The site takes runs again.")
    messages.info(request, words)
    return redirect("portal:site", site)


@require_POST
@login_required
@never_cache
def invite(request: Viewed, site: SiteId) -> HttpResponse:
    """Draw a code for the site's agent and show it, once."""
    replace = request.POST.get("replace") == "yes"
    invitation = service.invite(request.actor, site=site, name="agent", replace=replace)
    enrol_command = (
        f"fabrica agent enrol --server {settings.PUBLIC_URL} --config agent.toml --server-key {invitation.server_key}"
    )
    context = {"invitation": invitation, "enrol_command": enrol_command}
    return render(request, "sites/invitation.html", context)


@require_POST
@login_required
def withdraw_agent(request: Viewed, site: SiteId, agent: AgentId) -> HttpResponse:
    """Take the word of the site's agent away.

    Raises:
        NotFound: it is not the agent that speaks for this site now.
    """
    speaker = queries.site(site).agent
    if speaker is None or speaker.id != agent:
        raise NotFound(f"No agent {agent} speaks for {site}.", remedy="Look at the site's page as it is now.")
    service.withdraw_agent(request.actor, agent=agent)
    messages.info(request, _("The agent was withdrawn. What it runs goes on; enrol it again to hear of it."))
    return redirect("portal:site", site)
