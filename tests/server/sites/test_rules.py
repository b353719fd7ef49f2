"""Who may speak for a site, and which of its events are taken in."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrica.server.sites import rules
from fabrica.values.ids import AttemptId
from fabrica.wire.agents import Event, Inventory, Maintenance, ProtocolUnknown, SiteClaimed
from tests.builders import make_event, make_inventory, make_sync

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ATTEMPT = AttemptId.new()


def event(sequence: int) -> Event:
    return make_event(ATTEMPT, "log", sequence, at=NOW)


def test_another_protocol_is_refused() -> None:
    rules.check_protocol(make_sync())
    with pytest.raises(ProtocolUnknown, match="protocol 99"):
        rules.check_protocol(make_sync(protocol=99))


def test_of_two_agents_on_one_site_the_second_is_refused_while_the_first_speaks() -> None:
    first = rules.claim(rules.Speaker("", 0, None), "first", NOW)
    assert rules.claim(first, "first", NOW + timedelta(seconds=1)).acknowledged == first.acknowledged
    with pytest.raises(SiteClaimed):
        rules.claim(first, "second", NOW + rules.FRESH - timedelta(seconds=1))


def test_a_new_journal_is_adopted_from_its_beginning_once_the_old_one_fell_silent() -> None:
    silent = rules.Speaker("first", 17, NOW)
    adopted = rules.claim(silent, "second", NOW + rules.FRESH)
    assert (adopted.epoch, adopted.acknowledged) == ("second", 0)


def test_a_gap_stops_the_intake() -> None:
    intake = rules.take_in([event(1), event(2), event(4)], 0)
    assert [one.sequence for one in intake.new] == [1, 2]
    assert intake.acknowledged == 2


@given(
    acknowledged=st.integers(min_value=0, max_value=5),
    sequences=st.lists(st.integers(min_value=1, max_value=12), max_size=20),
)
def test_whatever_comes_each_event_is_taken_once_in_order_without_a_gap(
    acknowledged: int, sequences: list[int]
) -> None:
    intake = rules.take_in([event(number) for number in sequences], acknowledged)
    assert [one.sequence for one in intake.new] == list(range(acknowledged + 1, intake.acknowledged + 1))
    assert all(one.sequence <= intake.acknowledged for one in intake.repeated)
    assert intake.acknowledged + 1 not in sequences, "the next one was there and was not taken"


@given(order=st.permutations(range(1, 9)), cuts=st.lists(st.integers(min_value=0, max_value=8), max_size=3))
def test_messages_in_any_order_sent_until_acknowledged_are_all_taken_once(order: list[int], cuts: list[int]) -> None:
    taken: list[int] = []
    acknowledged = 0
    for cut in (*cuts, 8):  # a cut message holds only its beginning; the agent sends again what is not acknowledged
        intake = rules.take_in([event(number) for number in order[:cut]], acknowledged)
        taken += [one.sequence for one in intake.new]
        acknowledged = intake.acknowledged
    assert taken == list(range(1, 9))


def test_a_fingerprint_covers_everything_the_event_says() -> None:
    assert rules.fingerprint(event(1)) == rules.fingerprint(event(1))
    assert rules.fingerprint(event(1)) != rules.fingerprint(event(1).model_copy(update={"words": "other"}))


def test_a_fingerprint_stays_when_a_newer_server_knows_of_more_fields() -> None:
    class NewerEvent(Event):
        of_a_newer_version: str | None = None

    newer = NewerEvent.model_validate_json(event(1).model_dump_json())
    assert rules.fingerprint(newer) == rules.fingerprint(event(1))


@pytest.mark.parametrize(("difference", "corrected"), [(None, 0), (30, 0), (-30, 0), (-3600, -3600), (3600, 3600)])
def test_times_of_a_site_whose_clock_is_wrong_are_told_by_our_own(difference: int | None, corrected: int) -> None:
    at = datetime(2026, 11, 21, 12, tzinfo=UTC)
    ended = make_event(ATTEMPT, "ended", at=at, started_at=at - timedelta(minutes=1), ended_at=at)
    told = rules.by_our_clock(ended, difference)
    shift = timedelta(seconds=corrected)
    assert (told.at, told.ended_at) == (at + shift, at + shift)
    assert told.started_at == at - timedelta(minutes=1) + shift
    assert told.expected_start_at is None


def test_a_time_that_no_clock_tells_is_left_to_be_refused() -> None:
    queued = make_event(ATTEMPT, "queued", at=datetime.max.replace(tzinfo=UTC))
    assert rules.by_our_clock(queued, 3600) == queued


def told_maintenance(starts_at: datetime, ends_at: datetime) -> Inventory:
    return make_inventory(maintenance=Maintenance(starts_at=starts_at, ends_at=ends_at))


@pytest.mark.parametrize("difference", [None, 0, 3600, -3600])
def test_maintenance_is_told_by_our_own_clock(difference: int | None) -> None:
    told = told_maintenance(NOW + timedelta(hours=2), NOW + timedelta(hours=4))
    ours = rules.with_maintenance_to_come(told, difference, NOW).partitions[0].maintenance
    shift = timedelta(seconds=difference or 0)
    assert ours == Maintenance(starts_at=NOW + timedelta(hours=2) + shift, ends_at=NOW + timedelta(hours=4) + shift)


@pytest.mark.parametrize("second", [-1, 0, 1])
def test_a_second_between_two_measures_of_a_wrong_clock_changes_no_time_that_people_read(second: int) -> None:
    told = told_maintenance(NOW + timedelta(hours=2), NOW + timedelta(hours=4))
    shifted = rules.with_maintenance_to_come(told, 3600 + second, NOW)
    assert shifted == rules.with_maintenance_to_come(told, 3600, NOW)
    assert rules.with_maintenance_to_come(told, rules.CLOCK_SECONDS_MAX + min(0, second), NOW) == told


def test_maintenance_that_is_over_by_our_own_clock_is_told_no_more() -> None:
    told = told_maintenance(NOW - timedelta(hours=2), NOW + timedelta(minutes=1))
    assert rules.with_maintenance_to_come(told, 0, NOW) == told
    for difference, now in ((-60, NOW), (0, NOW + timedelta(minutes=1))):
        assert rules.with_maintenance_to_come(told, difference, now).partitions[0].maintenance is None


def test_maintenance_at_a_time_that_no_clock_told_is_none() -> None:
    last = datetime.max.replace(tzinfo=UTC)
    told = told_maintenance(last - timedelta(days=1), last)
    assert rules.with_maintenance_to_come(told, 3600, NOW).partitions[0].maintenance is None


def test_an_inventory_without_maintenance_stays_as_it_is() -> None:
    plain = make_inventory()
    assert rules.with_maintenance_to_come(plain, 3600, NOW) is plain


def test_a_site_is_in_maintenance_while_all_its_partitions_are_until_the_first_is_back() -> None:
    def all_in_maintenance(*hours: tuple[int, int] | None) -> datetime | None:
        told = [
            hour and Maintenance(starts_at=NOW + timedelta(hours=hour[0]), ends_at=NOW + timedelta(hours=hour[1]))
            for hour in hours
        ]
        partitions = tuple(make_inventory(maintenance=one).partitions[0] for one in told)
        return rules.maintenance_ends_at(make_inventory().model_copy(update={"partitions": partitions}), NOW)

    assert all_in_maintenance((-1, 5), (0, 3)) == NOW + timedelta(hours=3)
    for one_open in ([(-1, 5), None], [(-1, 5), (1, 3)], [None], []):
        assert all_in_maintenance(*one_open) is None
