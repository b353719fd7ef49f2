"""A person names a site as they know it."""

from typing import Any

import httpx
import pytest

from fabrica.sdk.client import Client
from fabrica.sdk.sites import named
from fabrica.wire.sites import SiteUnknown


def _site(site: str, name: str) -> dict[str, Any]:
    unknown = dict.fromkeys(("country", "last_word_at", "devices_total", "devices_free"))
    said = {"simulated": False, "draining": False, "connected": False, "summary": ""}
    return {"id": site, "name": name, "kind": "factory"} | unknown | said


FOUND = [_site("lumi-aif", "LUMI AI Factory"), _site("own-site", "Our own"), _site("meluxina", "own-site")]


@pytest.fixture
def client() -> Client:
    return Client(
        "https://fabrica.example", "token", transport=httpx.MockTransport(lambda _: httpx.Response(200, json=FOUND))
    )


@pytest.mark.parametrize(
    ("name", "site"), [("lumi-aif", "lumi-aif"), ("Lumi AI factory", "lumi-aif"), ("own-site", "own-site")]
)
def test_a_site_is_named_by_its_id_or_by_what_people_call_it_and_its_id_goes_first(
    client: Client, name: str, site: str
) -> None:
    assert named(client, [name]) == (site,)


@pytest.mark.parametrize(
    ("name", "remedy"), [("lumi", "Did you mean lumi-aif"), ("zzz", "List the sites with 'fabrica sites'")]
)
def test_a_name_that_no_site_has_is_told_with_the_nearest(client: Client, name: str, remedy: str) -> None:
    with pytest.raises(SiteUnknown, match=f"'{name}' is none of the network's sites. {remedy}"):
        named(client, ["own-site", name])
