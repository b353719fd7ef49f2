"""Figures of provisions, days and addresses are no amounts."""

import pytest

from fabrica.aiact.questions.amounts import states_amount


@pytest.mark.parametrize(
    "text",
    ["within two weeks", "15, 10 or 2 days", "max eur: 35000000", "5 % of turnover", "10^25 presumption", "2.5 times"],
)
def test_an_amount_is_seen_in_figures_and_words(text: str) -> None:
    assert states_amount(text)


@pytest.mark.parametrize(
    "text",
    [
        "Art. 52(1), 53(5)",
        "Annex III point 2",
        "Arts 9-15 and 17",
        "Regulation (EU) 2024/1689",
        "C(2025) 5045 final, 18.7.2025",
        "by 2 December 2027",
        "applies from: 2027-12-02",
        "lifts: gp-53-1a, gp-54",
        "https://eur-lex.europa.eu/eli/reg/2024/1689/oj",
        "amending point: 1(22)-(23)",
    ],
)
def test_what_only_cites_or_dates_states_no_amount(text: str) -> None:
    assert not states_amount(text)
