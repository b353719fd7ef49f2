"""A scenario is read strictly: a mistake is told with its line and what would be right."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrica.planning.scenarios.reading import parse_scenario, read_scenario
from fabrica.wire.planning import ScenarioMalformed

SITE = '[[site]]\nid = "a"\ncountry = "AT"\naccelerator = "GB300"\nbasis = "b"\n'


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("[work]\nlaod = 1", 2, "Did you mean 'load'"),
        ("x = ", None, "no valid TOML"),
        ("[period]\ndays = -3", 2, "between 1 and 3,660"),
        ("[work]\nload = 70", 2, "between 0.01 and 3"),
        (SITE + 'devices = "20 MW"', 6, "its unit is in the key's name"),
        ("[[change]]\nsite = 'a'\nclosed_from_day = 2026-03-01", 3, "is 2026-03-01. Write a number of days"),
        ("[period]\ndays = 7\n" + SITE + "opens_on_day = 90", 8, "90 is after the 7 days that are simulated"),
        (
            "[period]\ndays = 7\n[[change]]\nsite = 'a'\nclosed_from_day = 7\nclosed_to_day = 9",
            5,
            "7 is after the 7 days",
        ),
        ("[network]\nwithout = true", 2, "without is true"),
        ('name = " "', 1, "the name is empty"),
        (SITE + SITE.replace('"a"', '"b"') + "pue = 0.2", 11, "between 1 and 3"),
        ('[[site]]\nid = "a"', 1, "lacks country, accelerator, basis"),
        (SITE.replace("AT", "Austria"), 3, "Did you mean 'AT'?"),
        (SITE.replace("AT", "ZZ"), 3, "ISO code"),
        (SITE + SITE, 1, "twice"),
        ('[[change]]\nsite = "a"\nclosed_from_day = 9\nclosed_to_day = 3', 3, "a first day and a later last day"),
        ('[network]\nsystems = ["now"]', 2, "Known: current, incoming, upgrade"),
        ("[work]\nportable_share = 0.8\nhome_share = 0.5", 3, "add up to over 1"),
        ("[policy]\ncarbon = 0.6\nrisk = 0.7", 1, "add up to 1.3"),
        ("[work]\nload = true", 2, "Write a number"),
        ("work = 3", 1, "must be a table"),
        ("[rules]\nfair_share = 1", 2, "Write true or false"),
        ("[rules]\nfair_share = true", 2, "needs accounts to share between"),
        ("[rules]\nage_hours = 5", 2, "weighs against what accounts used"),
        ("[rules]\nfair_share = true\nage_hours = 5\n[accounts]\ncount = 9", 3, "halved 33 times"),
        ("[rules]\npreemption = true", 2, "nobody makes room where all jobs are of one level"),
        ("[rules]\nwithin_leaf = true", 2, "needs a site with leaves"),
        ("[rules]\nwithin_leaf = true\n" + SITE + "pod_leaves = 2", 2, "not kept within pods too"),
        ("[rules]\ncheckpoint_hours = 1", 2, "Did you mean 'checkpoint_seconds'"),
        ("[levels]\nservices = 12", 2, "between 0 and 9"),
        ("[[window]]\nfrom_day = 3", 1, "lacks hours"),
        ('[[account]]\nname = "a"\nshare = 0', 3, "between 0.001 and 1,000,000"),
    ],
)
def test_a_mistake_is_told_with_its_line(text: str, line: int | None, words: str) -> None:
    with pytest.raises(ScenarioMalformed) as told:
        parse_scenario(text, "it.toml")
    assert words in str(told.value)
    assert told.value.facts.get("line") == line


def test_weights_that_are_not_given_share_what_is_left() -> None:
    weights = parse_scenario("[policy]\ncarbon = 0.575").policy.weights
    assert weights.time_to_result == pytest.approx(0.225)
    assert float(weights.balance) == pytest.approx(0.1)


def test_a_scenario_keeps_all_of_its_base_that_it_does_not_change(tmp_path: Path) -> None:
    (tmp_path / "today.toml").write_text('name = "today"\n[work]\nload = 0.5\n[period]\ndays = 30\n')
    (tmp_path / "more.toml").write_text('base = "today.toml"\n[work]\ngrowth = 2.0\n' + SITE)
    found = read_scenario(tmp_path / "more.toml")
    assert (found.name, found.work.load, found.work.growth, found.period.days) == ("more", 0.5, 2.0, 30)
    assert found.base is not None
    assert found.base.sites == ()


def test_rules_windows_and_accounts_are_those_of_the_base_and_more(tmp_path: Path) -> None:
    (tmp_path / "base.toml").write_text("[rules]\ndevice_hours_per_stop = 9\n[[window]]\nfrom_day = 1\nhours = 4\n")
    (tmp_path / "more.toml").write_text(
        'base = "base.toml"\n[rules]\nrepair_seconds = 60\n[[window]]\nfrom_day = 2\nhours = 1\nsite = "a"\n'
    )
    found = read_scenario(tmp_path / "more.toml")
    assert (found.rules.device_hours_per_stop, found.rules.repair_seconds, found.rules.fair_share) == (9.0, 60, False)
    assert [(one.site, one.from_day) for one in found.windows] == [(None, 1.0), ("a", 2.0)]


def test_what_a_base_begins_after_fewer_days_is_told(tmp_path: Path) -> None:
    (tmp_path / "base.toml").write_text(SITE + "opens_on_day = 181")
    (tmp_path / "short.toml").write_text('base = "base.toml"\n[period]\ndays = 30\n')
    with pytest.raises(ScenarioMalformed, match=r"short\.toml, line 3: site\.opens_on_day 181 of the base is after"):
        read_scenario(tmp_path / "short.toml")


def test_a_base_that_rests_on_itself_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('base = "b.toml"')
    (tmp_path / "b.toml").write_text('base = "a.toml"')
    with pytest.raises(ScenarioMalformed, match="rests on itself"):
        read_scenario(tmp_path / "a.toml")


def test_a_base_that_is_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('base = "gone.toml"')
    with pytest.raises(ScenarioMalformed, match=r"gone\.toml cannot be read"):
        read_scenario(tmp_path / "a.toml")


def test_another_file_that_is_not_there_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('[work]\ntrace = "gone.csv"')
    with pytest.raises(ScenarioMalformed, match=r"a\.toml, line 2: the file .*gone\.csv is not there"):
        read_scenario(tmp_path / "a.toml")
    (tmp_path / "a.toml").write_text('[work]\ntrace = "."')
    with pytest.raises(ScenarioMalformed, match="is a folder"):
        read_scenario(tmp_path / "a.toml")


def test_a_text_that_is_no_file_never_looks_for_another(tmp_path: Path) -> None:
    there, gone = (parse_scenario(f"[work]\ntrace = '{tmp_path}{end}'") for end in ("", "/gone"))
    assert (there.work.trace, gone.work.trace) == (str(tmp_path), f"{tmp_path}/gone")


@given(st.text(max_size=200))
def test_any_text_is_a_scenario_or_a_named_problem(text: str) -> None:
    with suppress(ScenarioMalformed):
        assert parse_scenario(text).name
