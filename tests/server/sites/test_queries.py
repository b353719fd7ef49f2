"""What is told of sites."""

from datetime import UTC, datetime, timedelta

import pytest

from fabrica.server.sites import queries
from fabrica.server.sites import service as sites
from fabrica.server.sites.models import Agent
from fabrica.values.ids import SiteId
from fabrica.wire.agents import Maintenance
from fabrica.wire.sites import SiteUnknown
from tests.builders import make_agent, make_inventory, make_site, make_sync

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


def test_a_silent_scheduler_is_told_with_since_when_by_our_own_clock() -> None:
    site_now = datetime.now(UTC) + timedelta(hours=1)  # its clock is wrong
    silent = make_inventory().model_copy(
        update={"engine": "slurm", "silent_since": site_now - timedelta(minutes=9), "taken_at": site_now}
    )
    site = make_site()
    sites.hear(make_agent(site, silent), request=make_sync(inventory=silent, sent_at=site_now))
    make_agent(make_site("other-site"))
    found = queries.silences({site, SiteId("other-site"), SiteId("lumi-aif")})
    assert set(found) == {site}
    age = datetime.now(UTC) - found[site].since
    assert timedelta(minutes=9) <= age < timedelta(minutes=10)
    assert "Slurm at own-site has not answered since" in found[site].words
    told = queries.site(site)
    assert told.engine_silent_since == found[site].since
    assert told.counted_at is not None
    assert told.counted_at <= datetime.now(UTC) + timedelta(seconds=1)


@pytest.mark.parametrize("personal", [None, False, True])
def test_a_site_is_told_as_personal_only_when_its_agent_says_so(personal: bool | None) -> None:
    make_agent(inventory=make_inventory().model_copy(update={"personal": personal}))
    assert queries.site(SiteId("own-site")).personal is (personal is True)


def test_where_a_site_of_our_own_is_its_agent_says() -> None:
    site = make_site()
    assert queries.country(site) == "NL"
    make_agent(site, make_inventory().model_copy(update={"country": "PT"}))
    assert queries.country(site) == queries.site(site).country == "PT"
    assert queries.country(SiteId("lumi-aif")) == "FI"
    assert queries.country(SiteId("nowhere")) is None


def test_a_site_that_nobody_knows_is_met_with_the_nearest() -> None:
    with pytest.raises(SiteUnknown) as refused:
        queries.site(SiteId("jaiff"))
    assert refused.value.remedy.startswith("Did you mean jaif")


def test_maintenance_is_told_by_our_own_clock_and_kept_as_the_agent_told_it() -> None:
    site_now = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)  # its clock is wrong
    planned = Maintenance(
        starts_at=site_now + timedelta(hours=2), ends_at=site_now + timedelta(hours=4), name="upgrade"
    )
    told = make_inventory(maintenance=planned)
    sites.hear(make_agent(), request=make_sync(inventory=told, sent_at=site_now))
    seen = queries.site(SiteId("own-site")).inventory
    assert seen is not None
    ours = seen.partitions[0].maintenance
    assert ours is not None
    assert abs(ours.starts_at - datetime.now(UTC) - timedelta(hours=2)) < timedelta(minutes=1)
    assert ours.ends_at - ours.starts_at == timedelta(hours=2)
    kept = queries.last_told(Agent.objects.get())
    assert kept is not None
    assert kept.partitions[0].maintenance == planned
