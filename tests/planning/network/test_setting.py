"""What a scenario says of accounts, levels and rules comes to the sites, and failures depend on the site alone."""

import pytest

pytest.importorskip("numpy")

from fabrica.planning.network.demand import demand_of, draw
from fabrica.planning.network.setting import Setting, setting_of, site_rules, windows_of
from fabrica.wire.planning import NetworkImpossible
from tests.planning.network.builders import make_partition, tiny

ACCOUNTS = "[accounts]\ncount = 5\nskew = 2.0\ndevice_hours = 10\n[levels]\nservices = 3\n"
FIRST = '[[account]]\nname = "account 1"\nshare = 2\ndevice_hours = 99\n'


def test_grants_and_shares_are_of_the_accounts_that_are_named_and_the_others_have_the_common_grant() -> None:
    scenario = tiny(ACCOUNTS + FIRST)
    found = setting_of(scenario, demand_of(scenario), 0)
    assert found.grants == {0: 99 * 3600, **dict.fromkeys(range(1, 5), 36_000)}
    assert (found.shares, found.accounts, found.levels) == ({0: 2.0}, 5, 4)


def test_an_account_that_has_no_jobs_is_a_named_problem() -> None:
    scenario = tiny(ACCOUNTS + FIRST.replace("account 1", "account 6"))
    with pytest.raises(NetworkImpossible, match="No job is of the account 'account 6'"):
        setting_of(scenario, demand_of(scenario), 0)


def test_the_accounts_of_a_reservation_become_numbers_and_one_without_jobs_is_a_named_problem() -> None:
    window = '[[window]]\nfrom_day = 1\nhours = 2\naccounts = ["account 5", "account 2"]\n'
    scenario = tiny(ACCOUNTS + window)
    place = make_partition("a", windows=((10, 20, 4, ("account 5", "account 2")),))
    assert windows_of(setting_of(scenario, demand_of(scenario), 0), place) == [(10, 20, 4, (1, 4))]
    scenario = tiny(ACCOUNTS + window.replace("account 2", "Ana"))
    with pytest.raises(NetworkImpossible, match="No job is of the account 'Ana'"):
        setting_of(scenario, demand_of(scenario), 0)


def test_accounts_change_no_job_and_the_first_has_most_sittings() -> None:
    alone, shared = (draw(demand_of(tiny(text)), (0, 1, 2), 0) for text in ("", ACCOUNTS))
    for name in ("submit", "runtime", "units", "limit"):
        assert (getattr(alone, name) == getattr(shared, name)).all()
    counts = [int((shared.account == number).sum()) for number in range(5)]
    assert counts[0] > counts[1] > counts[4] > 0
    assert set(shared.level[shared.job_class == 3]) == {3}
    assert set(shared.level[shared.job_class != 3]) == {0}


def test_failures_of_a_site_depend_on_seed_replication_and_the_site_alone() -> None:
    a, b = make_partition("a"), make_partition("b")
    seeds = {site_rules(Setting(seed=1, replication=one), place).seed for one in (0, 1) for place in (a, b)}
    assert len(seeds) == 4
    assert site_rules(Setting(seed=1), a).seed == site_rules(Setting(seed=1, warm_up_days=3), a).seed
