"""What a site's own configuration says of its Slurm."""

import pytest

from fabrica.engines.slurm.probe import probe_of, read_config, version_number

CONFIG = """Configuration data as of 2026-11-21T13:00:00
AccountingStorageTRES   = cpu,mem,node,billing,gres/gpu,gres/gpu:h100
AccountingStorageType   = accounting_storage/slurmdbd
AcctGatherEnergyType    = acct_gather_energy/none
ClusterName             = north
MaxArraySize            = 10001
SLURM_VERSION           = 22.05.8

Slurmctld(primary) at localhost is UP
"""


def test_the_configuration_tells_version_cluster_accounting_and_arrays() -> None:
    probe = probe_of(read_config(CONFIG))
    assert (probe.version, probe.cluster, probe.accounting, probe.energy) == ("22.05.8", "north", True, False)
    assert probe.array_size_max == 10_001
    assert {"cpu", "gres/gpu"} <= probe.counted


def test_what_is_shown_to_operators_alone_is_told() -> None:
    assert probe_of(read_config(CONFIG + "PrivateData             = jobs,reservations\n")).private >= {"reservations"}
    assert "reservations" not in probe_of(read_config(CONFIG + "PrivateData             = none\n")).private


def test_the_smaller_of_two_limits_of_arrays_holds() -> None:
    limited = CONFIG + "SchedulerParameters = bf_interval=1,max_array_tasks=500\n"
    assert probe_of(read_config(limited)).array_size_max == 500


def test_the_operator_s_own_word_on_accounting_goes_before_the_configuration() -> None:
    assert probe_of(read_config(CONFIG), accounting=False).accounting is False


def test_what_is_not_said_is_not_relied_on() -> None:
    probe = probe_of({})
    assert (probe.accounting, probe.energy, probe.array_size_max) == (False, False, None)


@pytest.mark.parametrize(("text", "number"), [("22.05.8", (22, 5)), ("slurm-wlm 26.05.5", (26, 5)), ("", (0, 0))])
def test_a_version_is_year_and_month(text: str, number: tuple[int, int]) -> None:
    assert version_number(text) == number
