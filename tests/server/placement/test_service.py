"""A decision is kept with its snapshot, and decided again to the same answer."""

from datetime import UTC, datetime, timedelta

import pytest

from fabrica.placement.snapshot import Snapshot
from fabrica.server.core.actors import SYSTEM, Actor
from fabrica.server.placement import queries, service
from fabrica.server.placement.models import PlacementDecision
from fabrica.server.placement.rules import History, Ours, Share, ShareOf, unpack
from fabrica.server.sites import service as sites
from fabrica.values.ids import RunId, SiteId, UserId
from fabrica.wire.agents import NodeOut, QueueClass, WaitForecast, email_sha256
from fabrica.wire.attachments import Interactive
from fabrica.wire.environments import Environment
from fabrica.wire.problems import NotAllowed
from fabrica.wire.runs import Resources, RunSpec
from tests.builders import make_agent, make_inventory, make_operator, make_site, make_spec, make_sync, make_user

pytestmark = pytest.mark.django_db
RUN = RunId.new()
PERSON = UserId.new()


def enough(site: SiteId) -> Share:
    return Share(reserve_milliseconds=100_000, free_milliseconds=10**9, granted_milliseconds=10**9)


def choose(by: Actor = SYSTEM, spec: RunSpec | None = None, **fields: History) -> object:
    return service.choose(by, run=RUN, spec=spec or make_spec(), share_of=enough, **{"history": History()} | fields)


def may_wait(spec: RunSpec | None = None, share_of: ShareOf = enough, history: History | None = None) -> bool:
    refused = service.refused_for_good(
        SYSTEM, spec=spec or make_spec(), share_of=share_of, history=history or History()
    )
    assert refused is None or (refused.chosen is None and refused.nearest)
    return refused is None


def test_a_kept_decision_is_replayed_to_the_same_answer_whatever_the_network_looks_like_now() -> None:
    agent = make_agent()
    kept = service.choose(SYSTEM, run=RUN, spec=make_spec(), share_of=enough, history=History())
    assert kept.chosen == "own-site"
    assert kept.id is not None
    sites.hear(agent, request=make_sync(inventory=make_inventory(devices_total=1, devices_free=0)))
    replayed = queries.replayed(kept.id)
    same = {"chosen", "chosen_partition", "candidates", "margin", "flip", "snapshot_sha256", "policy_version"}
    assert replayed.model_dump(include=same) == kept.model_dump(include=same)
    assert queries.latest(RUN) == kept


QUEUE = (
    QueueClass(devices_min=1, devices_max=1, jobs_waiting=3, devices_waiting=3),
    QueueClass(devices_min=2, devices_max=4, jobs_waiting=1, devices_waiting=4),
)


@pytest.mark.parametrize(
    ("engine", "queue", "spare"),
    [
        ("slurm", QUEUE, 16 - 7 - 2),  # ours that queue are in everybody's queue
        ("slurm", (), 16 - 2),
        ("slurm", None, None),
        ("local", None, 16 - 2 - 5),
    ],
)
def test_devices_that_anybody_waits_for_are_not_spare(
    engine: str, queue: tuple[QueueClass, ...] | None, spare: int | None
) -> None:
    make_agent(inventory=make_inventory(queue=queue).model_copy(update={"engine": engine}))
    history = History(ours={SiteId("own-site"): {"cores": Ours(coming=2, queued=5), "others": Ours(coming=1)}})
    choose(history=history)
    kept = Snapshot.from_json(queries.kept(RUN)[0].snapshot.encode())
    assert [one.devices_spare for one in kept.candidates if one.site == "own-site"] == [spare]


def test_a_new_site_without_history_is_tried_while_it_has_devices_that_nobody_waits_for() -> None:
    told = WaitForecast(
        devices_max=None, limit_seconds_max=None, of_all_limits=True, q50_seconds=600, q90_seconds=700,
        q50_bound_seconds=None, q90_bound_seconds=None, samples=100, newest_at=datetime.now(UTC), changed_at=None,
    )  # fmt: skip
    make_agent(make_site("known-site"), make_inventory(devices_free=0, waits=(told,)))
    make_agent(make_site("new-site"))
    planned = service.plan(SYSTEM, spec=make_spec(), share_of=enough, history=History())
    assert planned.chosen == "new-site"
    words = next(one for one in planned.candidates if one.site == "new-site").terms[0].words
    assert "no wait expected with 16 devices free that nobody waits for, else wait not known (0 runs seen" in words


def test_only_the_service_decides() -> None:
    make_agent()
    for by in (make_user(), make_operator()):
        with pytest.raises(NotAllowed):
            choose(by)


def test_a_plan_stores_nothing() -> None:
    make_agent()
    planned = service.plan(make_user(), spec=make_spec(), share_of=enough, history=History())
    assert (planned.chosen, planned.run, planned.id) == ("own-site", None, None)
    assert not PlacementDecision.objects.exists()


def test_a_refusal_is_kept_once_and_not_each_time_it_is_found_again() -> None:
    make_agent()
    declined = History(declined=frozenset({SiteId("own-site")}))
    for _ in range(3):
        choose(history=declined)
    assert PlacementDecision.objects.count() == 1
    choose()
    choose(history=declined)
    assert PlacementDecision.objects.count() == 3


def test_what_can_pass_is_held_and_what_cannot_is_refused() -> None:
    make_agent()
    for spec, passes in ((make_spec(), True), (make_spec(resources=Resources(devices=17)), False)):
        assert may_wait(spec) is passes
    broke = Share(reserve_milliseconds=100_000)
    poor = service.plan(SYSTEM, spec=make_spec(), share_of=lambda site: broke, history=History())
    assert poor.chosen is None
    assert may_wait(share_of=lambda site: broke)


def forecast(devices_max: int | None, q50: float) -> WaitForecast:
    return WaitForecast(
        devices_max=devices_max,
        limit_seconds_max=None,
        of_all_limits=True,
        q50_seconds=q50,
        q90_seconds=3 * q50,
        q50_bound_seconds=None,
        q90_bound_seconds=None,
        samples=40,
        newest_at=datetime(2026, 11, 21, tzinfo=UTC),
        changed_at=None,
    )


@pytest.mark.parametrize(("devices", "expected"), [(1, 10.0), (2, 700.0)])
def test_a_run_is_placed_by_the_waits_of_runs_of_its_own_size(devices: int, expected: float) -> None:
    make_agent(inventory=make_inventory(waits=(forecast(1, 10.0), forecast(None, 700.0))))
    service.choose(
        SYSTEM, run=RUN, spec=make_spec(resources=Resources(devices=devices)), share_of=enough, history=History()
    )
    snapshot = Snapshot.from_json(unpack(bytes(PlacementDecision.objects.get().snapshot)))
    seen = next(one for one in snapshot.candidates if one.site == "own-site")
    assert (seen.wait_q50_seconds, seen.wait_q90_seconds, seen.wait_samples) == (expected, 3 * expected, 40)


@pytest.mark.parametrize("known_as", [frozenset({str(PERSON)}), frozenset({email_sha256("Ada@Example.eu ")})])
def test_a_site_with_accounts_takes_the_runs_of_people_it_knows(known_as: frozenset[str]) -> None:
    people = (str(PERSON), email_sha256("ada@example.eu"))
    make_agent(inventory=make_inventory().model_copy(update={"people": people, "support": "help@site.example"}))
    known = service.plan(SYSTEM, spec=make_spec(), share_of=enough, history=History(known_as=known_as))
    assert known.chosen == "own-site"
    stranger = History(known_as=frozenset({"usr_x"}))
    unknown = service.plan(SYSTEM, spec=make_spec(), share_of=enough, history=stranger)
    own = next(one for one in unknown.candidates if one.site == "own-site")
    refusing = [reason for reason in own.reasons if not reason.passed]
    assert [reason.words for reason in refusing] == [
        "You have no account at this site yet: ask help@site.example for one."
    ]
    assert may_wait(history=stranger)  # held: the account may come
    assert "ask help@site.example for an account there" in (unknown.nearest or "")


@pytest.mark.parametrize("personal", [None, True])
def test_a_personal_site_takes_its_owners_runs_and_refuses_others_at_once_for_no_account_will_come(
    personal: bool | None,
) -> None:
    own = {"people": (str(PERSON),), "support": "the site's support", "personal": personal}
    make_agent(inventory=make_inventory().model_copy(update=own))
    owner, other = History(known_as=frozenset({str(PERSON)})), History(known_as=frozenset({"usr_x"}))
    assert service.plan(SYSTEM, spec=make_spec(), share_of=enough, history=owner).chosen == "own-site"
    refused = service.plan(SYSTEM, spec=make_spec(), share_of=enough, history=other)
    site = next(one for one in refused.candidates if one.site == "own-site")
    codes = [reason.code for reason in site.reasons if not reason.passed]
    assert codes == (["personal_site"] if personal else ["site_account"])  # an older agent does not tell
    assert may_wait(history=other) is (personal is None)
    assert ("for an account" in (refused.nearest or "")) is (personal is None)


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (None, "The agent of this site is too old for interactive runs; its office updates it."),
        (False, "Nobody can work in a run here: the site is simulated, or its agent does not stay connected."),
    ],
)
def test_an_interactive_run_goes_only_where_the_agent_tells_that_it_can_bring_people_to_it(
    told: bool | None, words: str
) -> None:
    agent = make_agent(inventory=make_inventory().model_copy(update={"interactive": told}))
    shell = make_spec(interactive=Interactive(kind="shell"))
    planned = service.plan(SYSTEM, spec=shell, share_of=enough, history=History())
    own = next(one for one in planned.candidates if one.site == "own-site")
    assert [(one.code, one.words) for one in own.reasons if not one.passed] == [("interactive", words)]
    assert not may_wait(shell)  # refused at once: nobody waits at a terminal for an update
    assert service.plan(SYSTEM, spec=make_spec(), share_of=enough, history=History()).chosen == "own-site"
    sites.hear(agent, request=make_sync(inventory=make_inventory()))
    assert service.plan(SYSTEM, spec=shell, share_of=enough, history=History()).chosen == "own-site"


@pytest.mark.parametrize(("silent", "takes"), [(timedelta(seconds=10), True), (timedelta(minutes=3), False)])
def test_a_site_whose_scheduler_is_silent_holds_runs_by_our_clock_though_what_it_has_is_unknown(
    silent: timedelta, takes: bool
) -> None:
    counts = dict.fromkeys(("nodes", "devices_per_node", "devices_total", "devices_free"))
    site_now = datetime.now(UTC) + timedelta(hours=1)  # its clock is wrong
    inventory = make_inventory(**counts).model_copy(update={"silent_since": site_now - silent})
    sites.hear(make_agent(), request=make_sync(inventory=inventory, sent_at=site_now))
    planned = service.plan(SYSTEM, spec=make_spec(), share_of=enough, history=History())
    assert planned.chosen == ("own-site" if takes else None)
    assert may_wait()
    own = next(one for one in planned.candidates if one.site == "own-site")
    words = "The site's scheduler has given its agent no answer for 3 min; at most 45 s is allowed."
    assert [one.words for one in own.reasons if not one.passed] == ([] if takes else [words])


def test_a_partition_whose_every_node_is_out_holds_runs_and_one_of_them_does_not() -> None:
    agent = make_agent()
    for out, takes in ((1, True), (2, False)):
        nodes_out = tuple(NodeOut(node=f"n{number}", state="drained") for number in range(out))
        sites.hear(agent, request=make_sync(inventory=make_inventory(nodes=2, nodes_out=nodes_out)))
        planned = service.plan(SYSTEM, spec=make_spec(), share_of=enough, history=History())
        assert planned.chosen == ("own-site" if takes else None)
        assert may_wait()


@pytest.mark.parametrize(
    ("containers", "interactive", "takes"),
    [(None, None, False), (True, None, True), (None, False, True), (False, True, False)],
    ids=["an agent from before containers", "one that tells", "a newer one that does not know", "a site without"],
)
def test_a_run_in_an_image_goes_to_no_agent_that_would_run_it_outside_of_one(
    containers: bool | None, interactive: bool | None, takes: bool
) -> None:
    make_agent(inventory=make_inventory(containers=containers).model_copy(update={"interactive": interactive}))
    spec = make_spec(environment=Environment(image="train.sif"))
    planned = service.plan(SYSTEM, spec=spec, share_of=enough, history=History())
    assert planned.chosen == ("own-site" if takes else None)


def test_a_run_that_names_its_sites_goes_to_one_of_them_and_to_no_other() -> None:
    make_agent()
    make_agent(make_site("other-site"))
    for named in ("own-site", "other-site"):
        planned = service.plan(SYSTEM, spec=make_spec(sites=(SiteId(named),)), share_of=enough, history=History())
        assert planned.chosen == named
        assert {one.site for one in planned.candidates if one.able} == {named}
    elsewhere = service.plan(SYSTEM, spec=make_spec(sites=(SiteId("lumi-aif"),)), share_of=enough, history=History())
    assert elsewhere.chosen is None
    own = next(one for one in elsewhere.candidates if one.site == "own-site")
    assert [one.words for one in own.reasons if not one.passed] == [
        "The run may only be at lumi-aif; this is own-site."
    ]


def test_every_site_is_answered_with_every_reason() -> None:
    make_agent()
    planned = service.plan(SYSTEM, spec=make_spec(), share_of=enough, history=History())
    assert {"own-site", "lumi-aif"} <= {one.site for one in planned.candidates}
    assert len({one.site for one in planned.candidates}) == 20
    assert all(one.reasons for one in planned.candidates)
    assert [one.site for one in planned.candidates if one.able] == ["own-site"]


def test_a_simulated_site_takes_only_what_accepts_it() -> None:
    make_agent(make_site("own-site", simulated=True))
    assert service.plan(SYSTEM, spec=make_spec(), share_of=enough, history=History()).chosen is None
    assert (
        service.plan(SYSTEM, spec=make_spec(accept_simulated=True), share_of=enough, history=History()).chosen
        == "own-site"
    )
