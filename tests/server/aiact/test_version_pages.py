"""A version on the web: who sees it, what it tells, and what each reader may do with it."""

import pytest

from fabrica.server.aiact import evaluation_service
from fabrica.server.aiact.models import Statement
from fabrica.server.core import clock
from tests.builders import make_placed_run, make_user
from tests.server.aiact.builders import make_version
from tests.server.aiact.desk_reader import HOSTILE, Desk, make_desk
from tests.server.aiact.evaluation_builders import make_evaluation

pytestmark = pytest.mark.django_db
PARTS = ("", "/class", "/account", "/documents/annex_iv", "/filled", "/release", "/withdraw")


@pytest.fixture
def desk() -> Desk:
    return make_desk()


def test_a_version_is_seen_by_its_project_and_the_office_and_hostile_text_in_every_field_stays_text(desk: Desk) -> None:
    for part in PARTS:
        for reader in (desk.reader, desk.leads, desk.operator):
            page = reader.get(desk.address + part)
            assert page.status_code == 200, part
            assert HOSTILE not in page.content.decode(), part
        assert desk.stranger.get(desk.address + part).status_code == 404, part
        assert desk.nobody.get(desk.address + part).status_code == 302, part


def test_a_version_tells_class_next_duty_documents_compute_family_runs_and_story(desk: Desk) -> None:
    page = desk.reader.get(desk.address).content.decode()
    for words in (
        "High-risk, use under Annex III",
        "2 Dec 2027",
        "Technical documentation of a high-risk system",
        "Training compute",
        "fine-tuned from",
        "&lt;script&gt;",
        str(desk.run),
        "Facts were told",
        "no legal advice",
        "checked on 20 November 2026",
    ):
        assert words in page


def test_a_version_without_facts_claims_no_class(desk: Desk) -> None:
    empty = make_version(desk.lead, desk.project, desk.system, label="2.0")
    page = desk.reader.get(f"/ai-act/versions/{empty}").content.decode()
    assert "nobody told the facts yet" in page
    assert "verdict-tier" not in page


def test_a_system_that_nothing_was_computed_for_is_measured_against_no_threshold_of_models(desk: Desk) -> None:
    empty = make_version(desk.lead, desk.project, desk.system, label="2.0")
    page = desk.reader.get(f"/ai-act/versions/{empty}").content.decode()
    assert "The thresholds of compute are for models." in page
    assert "margin-figure" not in page
    model = make_version(desk.lead, desk.project)
    assert "margin-figure" in desk.reader.get(f"/ai-act/versions/{model}").content.decode()


def test_members_see_forms_and_who_only_reads_does_not(desk: Desk) -> None:
    for reader, may in ((desk.member, True), (desk.reader, False), (desk.operator, False)):
        page = reader.get(desk.address).content.decode()
        for form in ("/answer", "/made-from"):
            assert (f'action="{desk.address}{form}"' in page) is may, form


def test_contested_days_and_open_questions_are_marked_in_full(desk: Desk) -> None:
    page = desk.reader.get(f"{desk.address}/class").content.decode()
    assert "By the letter of the law 2 Aug 2026" in page
    assert "sureness-open" in page
    assert "Not settled by the law itself" in page


def test_the_facts_are_changed_in_an_intake_and_saved_back(desk: Desk) -> None:
    assert desk.member.post(f"{desk.address}/answer").headers["Location"] == "/ai-act/intake/1"
    desk.member.post("/ai-act/intake/1/answer", {"question": "used_for", "value": ["customer_support"]})
    assert "Save to CV" in desk.member.get("/ai-act/intake/1").content.decode()
    assert desk.member.post("/ai-act/intake/1/save").headers["Location"] == desk.address
    assert "High-risk, use under Annex III" not in desk.member.get(desk.address).content.decode()
    assert desk.member.get("/ai-act/intake/1").status_code == 404


def test_lineage_is_stated_and_removed_by_members_alone(desk: Desk) -> None:
    other = make_version(desk.lead, desk.project)
    form = {"relation": "distilled_from", "parent": other}
    for reader, status in ((desk.reader, 403), (desk.operator, 403), (desk.stranger, 404), (desk.nobody, 302)):
        assert reader.post(f"{desk.address}/made-from", form).status_code == status
    assert desk.member.post(f"{desk.address}/made-from", form).headers["Location"] == desk.address
    lines = desk.member.get(desk.address).context["version"].lineage
    assert [one.relation for one in lines] == ["finetuned_from", "distilled_from"]
    remove = f"{desk.address}/made-from/{lines[1].id}/remove"
    assert desk.reader.post(remove).status_code == 403
    assert desk.member.post(remove).status_code == 302
    assert len(desk.member.get(desk.address).context["version"].lineage) == 1


def test_a_wrong_lineage_says_what_is_wrong_and_states_nothing(desk: Desk) -> None:
    wrongs: tuple[dict[str, str], ...] = (
        {},
        {"relation": "finetuned_from"},
        {"relation": "finetuned_from", "name": "Model"},
        {"relation": "finetuned_from", "name": "Model", "source": "hub", "flop": "1e20"},
        {"relation": "finetuned_from", "name": "Model", "source": "hub", "flop": "-1"},
        {"relation": "finetuned_from", "parent": "ver_x"},
    )
    for wrong in wrongs:
        answer = desk.member.post(f"{desk.address}/made-from", wrong)
        assert answer.status_code == 422, wrong
        assert answer.context["form"].errors, wrong
    assert len(desk.member.get(desk.address).context["version"].lineage) == 1


def test_a_run_of_the_project_is_linked_and_removed_by_members_alone(desk: Desk) -> None:
    run, _ = make_placed_run(desk.lead, desk.project)
    for reader in (desk.reader, desk.operator):
        assert reader.post(f"{desk.address}/runs", {"run": run}).status_code == 403
    assert desk.member.post(f"{desk.address}/runs", {"run": run}).status_code == 302
    assert desk.member.post(f"{desk.address}/runs", {"run": run}).status_code == 422
    assert desk.reader.post(f"{desk.address}/runs/{run}/remove").status_code == 403
    assert desk.member.post(f"{desk.address}/runs/{run}/remove").status_code == 302


def test_only_the_lead_releases_and_the_day_must_have_come(desk: Desk) -> None:
    form = {"market_on": "2026-11-01"}
    assert desk.member.post(f"{desk.address}/release", form).status_code == 403
    assert desk.leads.post(f"{desk.address}/release", {}).status_code == 422
    assert desk.leads.post(f"{desk.address}/release", {"market_on": "2099-01-01"}).status_code == 422
    undecided = desk.leads.post(f"{desk.address}/release", form)
    answer = (
        undecided
        if undecided.status_code == 302
        else desk.leads.post(f"{desk.address}/release", form | {"reason": "The lawyer looked at it."})
    )
    assert answer.headers["Location"] == desk.address
    assert "Released" in desk.reader.get(desk.address).content.decode()


def test_only_the_lead_withdraws_and_says_why(desk: Desk) -> None:
    form = {"on": "2026-11-01", "reason": HOSTILE}
    assert desk.member.post(f"{desk.address}/withdraw", form).status_code == 403
    assert desk.leads.post(f"{desk.address}/withdraw", {"on": "2026-11-01"}).status_code == 422
    assert desk.leads.post(f"{desk.address}/withdraw", form).headers["Location"] == desk.address
    page = desk.reader.get(desk.address).content.decode()
    assert "Withdrawn" in page
    assert HOSTILE not in page


def test_a_version_is_asked_for_any_day(desk: Desk) -> None:
    page = desk.reader.get(desk.address, {"on": "2028-01-01"})
    assert page.context["shown"].found.as_of.isoformat() == "2028-01-01"


def test_only_the_lead_shows_what_is_issued_to_somebody_and_takes_it_away(desk: Desk) -> None:
    outside = make_user(HOSTILE, email="authority@example.org")
    form = {"email": "authority@example.org", "recipient": "authority"}
    for reader, status in ((desk.member, 403), (desk.operator, 403), (desk.stranger, 404), (desk.nobody, 302)):
        assert reader.post(f"{desk.address}/views", form).status_code == status
    assert desk.leads.post(f"{desk.address}/views", form).headers["Location"] == desk.address
    page = desk.leads.get(desk.address)
    assert [one.user for one in page.context["views"]] == [outside.user]
    assert HOSTILE not in page.content.decode()
    remove = f"{desk.address}/views/{outside.user}/authority/remove"
    assert desk.member.post(remove).status_code == 403
    assert desk.leads.post(remove).status_code == 302
    assert not desk.leads.get(desk.address).context["views"]
    assert desk.leads.post(remove).status_code == 404


def test_a_view_that_cannot_be_shown_is_told_in_the_form(desk: Desk) -> None:
    for wrong in ({"email": "nobody@example.org"}, {"email": "x"}, {"recipient": "provider"}):
        form = {"email": "authority@example.org", "recipient": "authority"} | wrong
        assert desk.leads.post(f"{desk.address}/views", form).status_code == 422, wrong


def test_evaluations_are_shown_and_hostile_words_of_a_log_stay_text(desk: Desk) -> None:
    evaluation = make_evaluation(task=HOSTILE, dataset=HOSTILE)
    evaluation_service.import_evaluation(desk.lead, version=desk.version, evaluation=evaluation)
    page = desk.reader.get(desk.address)
    assert page.context["evaluations"]
    assert HOSTILE not in page.content.decode()


def test_facts_that_the_laws_data_takes_no_more_are_told_and_asked_anew(desk: Desk) -> None:
    Statement.objects.create(
        version_id=desk.version,
        kind="facts",
        body={"answers": {"a_fact_of_before": True}},
        said_by=desk.lead.user,
        said_at=clock.now(),
    )
    for part, words in (("", "takes these facts no more"), ("/class", "There is no fact")):
        page = desk.member.get(desk.address + part)
        assert page.status_code == 200
        assert words in page.content.decode()
    assert desk.member.get("/ai-act/").status_code == 200
    assert desk.member.get("/ai-act/calendar").status_code == 200
    assert desk.member.post(f"{desk.address}/answer").headers["Location"] == "/ai-act/intake/1"
    assert desk.member.get("/ai-act/intake/1").status_code == 200
