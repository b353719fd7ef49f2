"""A token works until its day; a project keeps a lead."""

from datetime import UTC, datetime, timedelta

import pytest

from fabrica.server.people import rules
from fabrica.wire.people import LastLead, LastOperator, TokenRefused

NOW = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def test_a_token_works_until_the_instant_it_expires() -> None:
    rules.check_token(NOW + DAY, None, NOW)
    with pytest.raises(TokenRefused, match="expired on 2026-03-01"):
        rules.check_token(NOW, None, NOW)


def test_a_withdrawn_token_is_refused_before_its_day() -> None:
    with pytest.raises(TokenRefused, match="withdrawn"):
        rules.check_token(NOW + DAY, NOW - DAY, NOW)


@pytest.mark.parametrize("withdrawn_at", [None, NOW - DAY])
@pytest.mark.parametrize("expires_at", [NOW - DAY, NOW, NOW + DAY])
def test_a_token_is_shown_as_working_exactly_while_it_is_accepted(
    expires_at: datetime, withdrawn_at: datetime | None
) -> None:
    try:
        rules.check_token(expires_at, withdrawn_at, NOW)
        accepted = True
    except TokenRefused:
        accepted = False
    assert rules.token_works(expires_at, withdrawn_at, NOW) == accepted


@pytest.mark.parametrize("role", ["member", "reader", None])
def test_the_last_lead_stays(role: str | None) -> None:
    with pytest.raises(LastLead):
        rules.check_lead_remains(1, True, role)
    rules.check_lead_remains(2, True, role)
    rules.check_lead_remains(1, False, role)
    rules.check_lead_remains(1, True, "lead")


def test_the_last_operator_stays() -> None:
    with pytest.raises(LastOperator):
        rules.check_operator_remains(1, True)
    rules.check_operator_remains(1, False)
    rules.check_operator_remains(2, True)
