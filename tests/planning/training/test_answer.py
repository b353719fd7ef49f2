"""An answer holds together: layouts, rate, time and words say the same."""

import json
from dataclasses import replace

import pytest

from fabrica.planning.training.answer import as_plain, ask
from fabrica.planning.training.figures import Span
from fabrica.planning.training.pools import parse_pool, pool_of_site
from fabrica.planning.training.report import report
from fabrica.planning.training.where import everywhere, on_parts
from fabrica.planning.training.words import amount, paragraph, span
from fabrica.wire.training import LayoutImpossible, ModelRefused, PrecisionUnknown
from tests.planning.training.questions import make_mixture, make_model, make_training

POOL = parse_pool("H100-SXM:512")
ANSWER = ask(make_training(), POOL)


def test_the_prediction_is_of_the_best_layout() -> None:
    best = ANSWER.layouts[0]
    assert ANSWER.prediction.rate == pytest.approx(best.tokens_per_s_per_gpu, rel=1e-6)
    assert ANSWER.prediction.low < ANSWER.prediction.rate < ANSWER.prediction.high
    assert sum(best.parts_seconds.values()) == pytest.approx(best.step_seconds)
    assert ANSWER.flop == pytest.approx(make_model().flop_per_token() * 1e12)
    assert [one.tokens_per_s_per_gpu for one in ANSWER.layouts] == sorted(
        (one.tokens_per_s_per_gpu for one in ANSWER.layouts), reverse=True
    )


def test_tokens_of_the_call_go_before_the_file_and_must_be_told() -> None:
    twice = ask(make_training(), POOL, tokens=2e12)
    assert twice.figures.days.value == pytest.approx(2 * ANSWER.figures.days.value)
    with pytest.raises(ModelRefused, match="tokens"):
        ask(make_training(tokens=None), POOL)


def test_a_small_pool_is_told_that_no_spare_node_is_held() -> None:
    words = paragraph(ask(make_training(), parse_pool("H200:8"), tokens=1e12))
    assert "no spare node, for stops are rare" in words
    assert "100.0% of the device time" not in words


def test_spares_that_the_machine_does_not_have_are_told() -> None:
    short = replace(POOL, spare_devices=0)
    held = ask(make_training(), short).goodput[0].devices_held - POOL.devices
    assert f"The machine lacks {held:,} of these spares" in paragraph(ask(make_training(), short))
    assert "lacks" not in paragraph(ask(make_training(), replace(POOL, spare_devices=held)))


def test_fewer_tokens_than_one_batch_are_taken_for_a_forgotten_unit() -> None:
    with pytest.raises(ModelRefused, match="15 tokens are fewer than one batch") as refused:
        ask(make_training(), POOL, tokens=15)
    assert "15T" in refused.value.remedy


def test_the_figures_count_with_the_way_to_keep_going_that_was_asked_for() -> None:
    elastic = ask(make_training(), POOL, resilience="elastic")
    assert elastic.goodput[0] == next(one for one in ANSWER.goodput if "elastic" in one.name)
    assert elastic.goodput[0].devices_held == POOL.devices
    assert elastic.figures.device_hours.value < ANSWER.figures.device_hours.value


def test_a_batch_that_is_not_told_is_assumed_and_said() -> None:
    assert ANSWER.assumed == ()
    answer = ask(make_training(batch_tokens=None), POOL)
    assert "4 Mi tokens" in answer.assumed[0]
    assert answer.assumed[0] in paragraph(answer)


def test_that_experts_are_taken_to_be_evenly_loaded_is_said() -> None:
    answer = ask(make_training(make_mixture()), POOL)
    assert "evenly loaded experts" in answer.assumed[0]
    assert answer.assumed[0] in paragraph(answer)


def test_more_devices_take_fewer_days_but_more_device_hours() -> None:
    more = ask(make_training(), parse_pool("H100-SXM:2048"))
    assert more.figures.days.value < ANSWER.figures.days.value
    assert more.figures.device_hours.value > ANSWER.figures.device_hours.value


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(PrecisionUnknown):
        ask(make_training(precision="fp8"), parse_pool("A100-80G:64"))
    with pytest.raises(LayoutImpossible):
        ask(make_training(make_model(layers=126, hidden=16384, ffn=53248, heads=128)), parse_pool("H100-SXM:8"))


def test_the_paragraph_says_what_is_not_known_and_where_it_reaches_beyond() -> None:
    words = paragraph(ask(make_training(make_mixture(), precision="fp8"), pool_of_site("bsc-aif", 1024)))
    for part in (
        "bsc-aif",
        "device-hours",
        "PUE is not known",
        "No market price",
        "queue",
        "H100-64G-SXM",
        "work on each token",
    ):
        assert part in words


def test_the_report_is_whole_and_its_pictures_have_words() -> None:
    page = report(replace(ANSWER, model_name="<script>alert(1)</script>"))
    assert "<script>" not in page
    assert page.count("<svg") == page.count("<title id=") == 4
    assert page.count("</section>") == 3
    for layout in ANSWER.layouts:
        assert layout.words in page


def test_what_the_pictures_of_the_report_show_can_be_taken_away_and_letters_are_explained() -> None:
    page = report(ANSWER)
    assert all(f'download="{name}.csv"' in page for name in ("layouts", "memory", "stops"))
    assert "TP: devices that share the matrices" in page


def test_an_answer_is_plain_json() -> None:
    plain = json.loads(json.dumps(as_plain(ANSWER)))
    assert plain["queue_wait"] is None
    assert plain["pool"]["device"] == "H100-80G-SXM"
    assert plain["figures"]["days"]["value"] == pytest.approx(ANSWER.figures.days.value)
    assert plain["layouts"][0]["words"] == ANSWER.layouts[0].words


def test_a_part_of_a_pool_takes_longer_and_fewer_hours_or_says_why_not() -> None:
    parts = on_parts(make_training(), POOL)
    assert [part.pool.devices for part in parts] == [256, 128, 64]
    days = [part.answer.figures.days.value for part in parts if part.answer]
    assert len(days) == 3
    assert days == sorted(days)
    assert days[0] > ANSWER.figures.days.value
    assert on_parts(make_training(), parse_pool("H100-SXM:8")) == ()
    large = make_training(make_model(layers=126, hidden=16384, ffn=53248, heads=128))
    assert any(part.reason for part in on_parts(large, parse_pool("H100-SXM:256")))


def test_everywhere_answers_or_says_why_not() -> None:
    places = everywhere(make_training(precision="fp8"), devices=256)
    assert len(places) >= 8
    assert all((place.answer is None) != (place.reason is None) for place in places)
    days = [place.answer.figures.days.value for place in places if place.answer]
    assert days == sorted(days)
    lumi = next(place for place in places if place.pool.site == "lumi-aif" and place.answer)
    assert "bf16" in (lumi.note or "")


@pytest.mark.parametrize(
    ("figure", "words"),
    [
        (Span(49.19, 38.3, 63.1), "49.2 (38.3 to 63.1)"),
        (Span(4.883e6, 3.806e6, 0.9e6), "4.9 (3.8 to 0.9) million"),
        (Span(999.6, 4264.2, 0.0312), "1000 (4,260 to 0.031)"),
    ],
)
def test_a_span_is_written_with_the_digits_that_mean_something(figure: Span, words: str) -> None:
    assert span(figure) == words


@pytest.mark.parametrize(("value", "words"), [(15e12, "15 T"), (70.6e9, "70.6 B"), (999, "999"), (2.5e15, "2.50e+15")])
def test_amounts_are_written_as_people_read_them(value: float, words: str) -> None:
    assert amount(value) == words
