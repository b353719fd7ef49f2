"""What sources say of a site is told whole, with its source."""

import pytest

from fabrica.reference.network import Factory, load_network
from fabrica.server.portal.claims import claims


@pytest.mark.parametrize("facts", load_network().sites, ids=lambda facts: str(facts.id))
def test_every_site_has_claims_with_readable_terms_and_values(facts: Factory) -> None:
    found = claims(facts)
    assert found
    for term, value, _source in found:
        assert term == term.strip()
        assert "_" not in term
        assert value is None or isinstance(value, str | int | float | bool)
        assert value != ""


def test_a_site_of_our_own_has_no_claims() -> None:
    assert claims(None) == ()


def test_money_is_told_with_its_currency() -> None:
    lumi = load_network().site("lumi-aif")
    assert isinstance(lumi, Factory)
    said = {term: value for term, value, _source in claims(lumi)}
    assert any(str(value).endswith(" EUR") for term, value in said.items() if term.startswith("Funding"))
