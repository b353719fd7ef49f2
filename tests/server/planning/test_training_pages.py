"""Anybody asks what a training would take; mistakes are named at their field, and nothing is kept."""

import csv
import io
import tomllib
from typing import Any

import pytest
from django.core.cache import cache

from fabrica.server.planning import training_pages
from tests.server.readers import browser

pytestmark = pytest.mark.django_db
ADDRESS = "/plan/training"
POOL = {"where": "pool", "accelerator": "H100-80G-SXM", "devices": "1024"}
OWN = {
    "model": "own",
    "layers": "32",
    "hidden": "4096",
    "ffn": "14336",
    "heads": "32",
    "kv_heads": "8",
    "vocab": "128256",
    "seq_len": "8192",
}


@pytest.fixture(autouse=True)
def _counts_begin_anew() -> None:
    cache.clear()


def question(**fields: str) -> dict[str, Any]:
    asked = {"model": "llama3-8b", "tokens": "2T", "precision": "bf16", "where": "everywhere", "resilience": "storage"}
    return asked | fields


def test_the_planner_opens_without_an_account_and_shows_a_form() -> None:
    page = browser().get(ADDRESS).content.decode()
    assert "What would it take" in page
    assert 'name="tokens"' in page


def test_a_question_without_a_place_is_answered_for_every_site() -> None:
    page = browser().get(ADDRESS, question()).content.decode()
    for site in ("jaif", "bsc-aif", "it4lia"):
        assert f'href="/sites/{site}"' in page
    assert page.count("<svg class=") >= 2


def test_a_question_for_a_pool_is_answered_in_words_pictures_and_layouts() -> None:
    page = browser().get(ADDRESS, question(**POOL)).content.decode()
    assert "1,024 x H100-80G-SXM" in page
    assert "The best layouts" in page
    assert "micro-batch" in page
    assert "device-hours" in page


def test_the_answer_goes_on_to_an_allocation_the_ai_act_and_the_same_command() -> None:
    page = browser().get(ADDRESS, question(**POOL)).content.decode()
    assert "device-hours of gpu.h100" in page
    assert "times 10<sup>23</sup> FLOP, within the margin of error of that threshold" in page
    assert "times 10<sup>25</sup> FLOP, below" in page
    assert "fabrica plan train model.toml --accelerators H100-80G-SXM:1024" in page
    page = browser().get(ADDRESS, question(where="jaif", devices="512", resilience="memory")).content.decode()
    assert "fabrica plan train model.toml --site jaif --devices 512 --resilience memory" in page
    assert "fabrica plan train model.toml --everywhere" in browser().get(ADDRESS, question()).content.decode()


def test_a_model_of_ones_own_is_answered_as_the_same_preset_is() -> None:
    own = browser().get(f"{ADDRESS}.csv", question(**POOL, **OWN)).content
    assert own == browser().get(f"{ADDRESS}.csv", question(**POOL)).content


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"tokens": "many"}, "is no number of tokens"),
        ({"tokens": "1e99"}, "is no number of tokens"),
        ({**OWN, "layers": ""}, "&#x27;layers&#x27; is missing"),
        ({**OWN, "heads": "7"}, "do not divide into 7 heads"),
        ({**OWN, "layers": "100000"}, "less than or equal to 1000"),
        ({**OWN, "experts": "8"}, "moe.top_k&#x27; is missing"),
        ({**POOL, "devices": ""}, "Say how many"),
        ({**POOL, "devices": "100000000"}, "less than or equal to 1000000"),
        ({**POOL, "devices": "1", "model": "llama3.1-405b"}, "the nearest layout lacks"),
        ({**POOL, "accelerator": "A100-40G-SXM", "precision": "nvfp4"}, "A100"),
        ({"batch": "5"}, "shorter than one sequence of 8,192"),
        ({"batch": "100T"}, "2,000,000,000,000 tokens are fewer than one batch of 100,000,000,000,000"),
        ({"where": "nowhere"}, "Select a valid choice"),
        ({"where": "jaif", "devices": "999999"}, "are not to be had"),
    ],
)
def test_a_mistake_is_named_and_nothing_is_answered(fields: dict[str, str], told: str) -> None:
    answer = browser().get(ADDRESS, question(**fields), follow=True)
    assert answer.status_code == 422
    assert told in answer.content.decode()
    assert "<svg class=" not in answer.content.decode()


def test_a_mistake_stands_above_the_form_with_a_link_to_its_field_and_in_the_title() -> None:
    page = browser().get(ADDRESS, question(tokens="many")).content.decode()
    assert "<title>To correct:" in page
    assert page.index('id="answer"') < page.index('<a href="#id_tokens">') < page.index('id="id_tokens_error"')
    assert 'aria-describedby="id_tokens_helptext id_tokens_error"' in page


def test_an_address_holds_what_was_asked_and_no_empty_field() -> None:
    answer = browser().get(ADDRESS, question(batch="", layers=""))
    kept = answer.headers["Location"].partition("?")[2]
    assert answer.status_code == 302
    assert dict(pair.split("=") for pair in kept.split("&")) == question()


def test_the_title_of_an_answer_says_what_was_asked() -> None:
    page = browser().get(ADDRESS, question(**POOL)).content.decode()
    assert "<title>llama3-8b, 1,024 x H100-80G-SXM · Plan a training" in page


def test_the_tables_are_downloaded_with_all_intervals() -> None:
    answer = browser().get(f"{ADDRESS}.csv", question())
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert "attachment" in answer.headers["Content-Disposition"]
    first = next(row for row in rows if row["days"])
    assert float(first["days_low"]) < float(first["days"]) < float(first["days_high"])


def test_a_table_of_a_question_with_a_mistake_says_which() -> None:
    answer = browser().get(f"{ADDRESS}.csv", question(tokens="none"))
    assert answer.status_code == 422
    assert "tokens" in answer.content.decode()


def test_the_models_file_holds_the_question() -> None:
    text = browser().get(f"{ADDRESS}.toml", question(**OWN, name='a "name"', batch="4M")).content.decode()
    document = tomllib.loads(text)
    assert document["name"] == 'a "name"'
    assert document["training"] == {"tokens": 2e12, "precision": "bf16", "global_batch_tokens": 4e6}


def test_a_hostile_name_stays_text() -> None:
    page = browser().get(ADDRESS, question(**OWN, **POOL, name="<script>x</script>")).content.decode()
    assert "<script>x" not in page
    assert "&lt;script&gt;x" in page


def test_a_form_begins_with_the_shapes_of_a_preset() -> None:
    page = browser().get(ADDRESS, {"begin": "deepseek-v3"}).content.decode()
    assert 'value="256"' in page
    assert "<details open>" in page


def test_too_many_questions_are_refused_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_pages, "TRIES_MAX", 2)
    reader = browser()
    statuses = [reader.get(ADDRESS, question(tokens="none")).status_code for _ in range(3)]
    assert statuses == [422, 422, 429]
    assert reader.get(ADDRESS).status_code == 200


def test_a_question_as_long_as_a_book_is_refused() -> None:
    assert browser().get(ADDRESS, question(name="x" * 5000)).status_code == 414


def test_a_server_without_numpy_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_pages, "find_spec", lambda name: None)
    answer = browser().get(ADDRESS)
    assert answer.status_code == 503
    assert "fabrica[planning]" in answer.content.decode()
