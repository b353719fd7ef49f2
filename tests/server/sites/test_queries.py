"""What is told of sites."""

import pytest

from fabrica.server.sites import queries
from fabrica.values.ids import SiteId
from fabrica.wire.sites import SiteUnknown
from tests.builders import make_agent, make_inventory, make_site

pytestmark = pytest.mark.django_db


def test_every_site_of_the_network_is_listed_with_our_own_first() -> None:
    make_site()
    listed = queries.sites()
    assert [site.kind for site in listed[:2]] == ["own", "factory"]
    assert sum(site.kind == "factory" for site in listed) == 19
    assert sum(site.kind == "antenna" for site in listed) == 13
    assert not any(site.connected for site in listed)


def test_the_list_of_sites_asks_the_database_twice(django_assert_num_queries: object) -> None:
    make_agent()
    with django_assert_num_queries(2):  # type: ignore[operator]
        queries.sites()


def test_an_unknown_site_is_told() -> None:
    with pytest.raises(SiteUnknown):
        queries.site(SiteId("nowhere"))


def test_where_a_site_of_our_own_is_its_agent_says() -> None:
    site = make_site()
    assert queries.country(site) == "NL"
    make_agent(site, make_inventory().model_copy(update={"country": "PT"}))
    assert queries.country(site) == queries.site(site).country == "PT"
    assert queries.country(SiteId("lumi-aif")) == "FI"
    assert queries.country(SiteId("nowhere")) is None
