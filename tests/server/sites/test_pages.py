"""Operators drain a site and withdraw its agent on its page; nobody else does."""

import re

import pytest

from fabrica.server.sites import queries
from fabrica.values.ids import AgentId, SiteId
from tests.builders import make_agent, make_operator, make_site, make_user
from tests.server.readers import browser

pytestmark = pytest.mark.django_db
SITE = SiteId("own-site")


def test_an_operator_stops_and_resumes_new_runs() -> None:
    make_agent()
    operator = browser(make_operator())
    for draining in (True, False):
        answer = operator.post(f"/sites/{SITE}/draining", {"draining": "yes" if draining else "no", "reason": "R & D"})
        assert answer.headers["Location"] == f"/sites/{SITE}"
        assert queries.site(SITE).draining is draining
        assert ("R &amp; D" in browser().get(f"/sites/{SITE}").content.decode()) is draining


def test_an_operator_withdraws_the_agent_that_speaks() -> None:
    agent = make_agent()
    browser(make_operator()).post(f"/sites/{SITE}/agents/{agent.agent}/withdraw")
    assert queries.site(SITE).agent is None


def test_an_operator_draws_a_code_and_sees_it_once() -> None:
    make_site()
    operator = browser(make_operator())
    answer = operator.post(f"/sites/{SITE}/invitations")
    code = re.search(r"[0-9A-Z]{5}(-[0-9A-Z]{5}){4}", answer.content.decode())
    assert code is not None
    assert "no-store" in answer.headers["Cache-Control"]
    assert code[0] not in operator.get(f"/sites/{SITE}").content.decode()
    make_agent(SITE)
    assert operator.post(f"/sites/{SITE}/invitations").status_code == 409
    assert operator.post(f"/sites/{SITE}/invitations", {"replace": "yes"}).status_code == 200


def test_an_agent_of_another_site_is_not_found_here() -> None:
    make_agent()
    other = make_agent(make_site("other-site"))
    operator = browser(make_operator())
    for agent in (other.agent, AgentId.new()):
        assert operator.post(f"/sites/{SITE}/agents/{agent}/withdraw").status_code == 404
    assert queries.site(SiteId("other-site")).agent is not None


def test_nobody_else_does_either() -> None:
    agent = make_agent()
    addresses = (
        f"/sites/{SITE}/draining",
        f"/sites/{SITE}/invitations",
        f"/sites/{SITE}/agents/{agent.agent}/withdraw",
    )
    for address in addresses:
        assert browser(make_user()).post(address, {"draining": "yes"}).status_code == 403
        assert browser().post(address, {"draining": "yes"}).status_code == 302
        assert browser(make_operator()).get(address).status_code == 405
    assert queries.site(SITE).agent is not None
    assert not queries.site(SITE).draining
