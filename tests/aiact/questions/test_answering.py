"""Questions are answered by passages with citations, and where the sources hold none, that is what is said."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fabrica.aiact import library
from fabrica.aiact.questions.answering import ENOUGH, ask
from fabrica.aiact.schema import Trap
from fabrica.wire.questions import LONGEST_QUESTION, OfficialText, QuestionRefused, Section

DAY = date(2026, 11, 21)
TRAPS = {
    "t-1": "When do the high-risk duties apply, in August 2026?",
    "t-2": "Was Art. 50 on transparency postponed to December 2026?",
    "t-3": "Was the AI literacy duty abolished?",
    "t-4": "Do I still have to register a system found not high-risk?",
    "t-5": "Is there a ninth practice or a point (i) in Article 5?",
    "t-6": "Do SMCs get the lower-of rule for fines under Article 5?",
    "t-7": "How many days do I have to report a death?",
    "t-8": "Is 10^23 FLOP a threshold in the Act?",
    "t-9": "Does signing the Code of Practice give a presumption of conformity?",
    "t-10": "Are open-source GPAI models exempt?",
    "t-11": "Does machinery with AI fall under Annex I Section A?",
    "t-12": "Does a human in the loop remove high-risk status?",
    "t-13": "Must every deployer do a FRIA?",
    "t-14": "Is Article 53(1)(d) about energy?",
    "t-15": "Does training the teacher model count toward 10^25?",
    "t-16": "Is the SME form for technical documentation in Article 11(3)?",
}
ANSWERED = {
    "What is a deployer?": "definitions/definitions/deployer",
    "What is systemic risk?": "definitions/definitions/systemic_risk_model",
    "Must deep fakes be disclosed?": "obligations/obligations/tr-50-4a",
    "Is recruitment high-risk?": "high_risk/high_risk/route_annex_iii/points/4(a)",
    "Is credit scoring of companies high-risk?": "high_risk/high_risk/route_annex_iii/points/5(b)",
    "Is energy reported to downstream providers?": "energy_reporting/energy_reporting",
    "copyright policy opt-outs": "obligations/obligations/gp-53-1c",
    "How long must documentation be kept?": "obligations/obligations/hr-18",
}
IN_OTHER_WORDS = {
    "From which date do the obligations for Annex III high-risk systems count?": "t-1",
    "Have the transparency rules all moved to December 2026?": "t-2",
    "Can I stop teaching my team AI literacy now that it was repealed?": "t-3",
    "Is registration gone for systems that we judged not high-risk?": "t-4",
    "How many prohibited practices does Article 5 list?": "t-5",
    "We are a small mid-cap: is our fine for a banned practice the lower amount?": "t-6",
    "Must I report a fatal accident in two days?": "t-7",
    "Is 10^23 FLOP in the legal text or in guidance?": "t-8",
    "If we sign the GPAI code of practice are we presumed compliant?": "t-9",
    "Is our robot's safety software in Section A because of the machinery regulation?": "t-11",
    "Must deployers of products under Annex I write a FRIA?": "t-13",
    "Does the training summary have to give electricity use?": "t-14",
    "Does compute used for the teacher model push us over 10^25?": "t-15",
    "Where is the simplified documentation form for start-ups: Article 11(3)?": "t-16",
    "What does the law say about emotion recognition of employees?": "proh-f",
    "May a school use cameras to read pupils' feelings?": "proh-f",
    "Can police search a crowd with live face recognition?": "guidance_inside",
    "What happens if I change a high-risk system substantially?": "flip-25-1-b",
    "What is the maximum fine for using a prohibited practice?": "T1",
    "Is fine-tuning with a third of the compute making me a provider?": "flip-gpai",
    "Do I have to inform employees before I use AI to rate them?": "dep-26-7",
    "Is a polygraph of the police allowed?": "6(b)",
    "We are a US company without an EU office; do we need an authorised representative for our GPAI model?": "gp-54",
    "Which serious incidents must the provider of a systemic risk model report?": "gp-55-1c",
    "When must generated images carry a machine-readable mark?": "tr-50-2",
    "What is the fine for wrong information to authorities?": "T3",
    "Can we start before the FRIA is notified?": "dep-27",
    "What counts as a substantial modification?": "substantial_modification",
    "Is predictive policing based on profiling alone banned?": "proh-d",
    "May an insurer use AI to price life insurance?": "5(c)",
    "Do we need CE marking for a software-only system?": "hr-48",
    "Are models for scientific research exempt before release?": "x-2-6",
    "What must the training content summary say and when is it updated?": "gp-53-1d",
    "When does the Commission designate a model as systemic risk?": "systemic_risk_model",
    "Is social scoring by private companies forbidden?": "proh-c",
    "Who is an importer?": "importer",
    "Is scraping faces from the internet prohibited?": "proh-e",
    "Does downstream modification of a model make me its provider?": "flip-gpai",
    "Does a distributor have to check the CE marking?": "dis-24",
    "How soon must a serious incident be reported?": "hr-73",
    "Do people have a right to an explanation of an individual decision?": "dep-86",
    "Does the Act apply to military drones?": "x-2-3",
    "Must workers be told before a high-risk system is used at work?": "dep-26-7",
    "How many business users make the reach of a model high?": "annex_xiii_reach",
    "How much may the AI Office charge per day as a periodic penalty?": "PP",
    "How many weeks do I have to notify the Commission of a systemic risk model?": "gp-52-1",
    "What is the highest fine for a provider of a GPAI model?": "G",
    "What is the earliest date of the prohibitions?": "proh-5",
    "How do I write a FRIA?": "t-13",
    "How do I write instructions for use?": "hr-13",
    "How do I get CE marking?": "hr-48",
    "How do I report a serious incident?": "hr-73",
}
NOT_ANSWERED = (
    "What is the weather in Paris tomorrow?",
    "How do I bake sourdough bread?",
    "What is the capital of Portugal?",
    "How much VAT do I pay on software in Germany?",
    "Which GPU is best for training?",
    "What does the GDPR say about cookies?",
    "When does the Data Act apply to connected cars?",
    "Can I deduct research costs from corporate tax?",
    "What is the minimum wage in France?",
    "How long is a trademark valid?",
    "What does the UK AI bill require?",
    "asdf qwer zxcv",
    "How do I register a company in Estonia?",
    "What is the best open-source language model?",
    "Can I fire an employee for using ChatGPT?",
    "What does the NIS2 directive require of hospitals?",
    "When is the next call for EuroHPC access?",
    "Will the AI Act be amended again in 2027?",
    "Do I need a works council in Belgium?",
    "Which bank gives start-up loans in Poland?",
    "How do I train a neural network in PyTorch?",
    "Does the Product Liability Directive cover software bugs?",
    "Which visa does a founder from India need?",
    "What are the opening hours of the Commission?",
    "Who pays for a visa?",
    "What does the Cyber Resilience Act ask?",
    "Is the Digital Services Act in force?",
    "Does the Digital Markets Act treat ChatGPT as a gatekeeper?",
    "What fines does the GDPR provide for a data breach?",
    "When does the Cyber Resilience Act apply?",
    "Is the Data Governance Act about altruism?",
    "What does the Machinery Regulation require for guards?",
    "How do I get a residence permit in Germany?",
    "Who pays for medical insurance abroad?",
    "What is the price of an H100 hour?",
    "How do I install CUDA on Debian?",
    "Which court hears patent disputes in Europe?",
    "How do I cite a paper in BibTeX?",
    "What is a good learning rate for Adam?",
    "Is my password safe?",
    "Does California's SB 53 apply to us?",
    "What does China's generative AI regulation require?",
    "Can I get a grant from Horizon Europe?",
    "How is overtime regulated for employees in Spain?",
    "Who is the head of the AI Office?",
    "What did the European Parliament vote on yesterday?",
    "How do I appeal a speeding fine?",
    "What is a decent salary for a data scientist?",
    "How do I transfer a domain name to another provider?",
    "Is the medical device regulation postponed?",
    "What does the Data Act say about cloud switching?",
    "Is the ePrivacy Directive still valid?",
    "How much does a notary cost?",
    "Can I run Llama on a laptop?",
    "Who won the chess championship?",
    "What are the customs duties for chips from Taiwan?",
    "Does the Copyright Directive allow text and data mining?",
    "How do I apply for a patent?",
    "How long does a Schengen visa last?",
    "What is the difference between SGD and Adam?",
    "When must I file my tax return?",
    "What does the Colorado AI Act require?",
    "Is there parking at the Commission?",
    "Do I need a licence to fly a drone?",
    "Which cloud provider is the cheapest?",
    "How many member states has the Union?",
    "How many people work at the AI Office?",
    "How many judges sit in the Court of Justice?",
    "How many employees does OpenAI have?",
    "How many drones has the army?",
    "How much does a lawyer cost?",
    "Which notified body is cheapest?",
    "Which school has the smartest pupils?",
    "Which police force is the strictest?",
    "Which insurer is the kindest?",
    "How do I write a CV?",
    "How do I get a loan?",
    "How do I take an exam?",
    "How do I get a visa?",
    "How do we get customers?",
)


def test_every_trap_of_the_data_has_a_question() -> None:
    assert TRAPS.keys() == {one.id for one in library.traps()}


@pytest.mark.parametrize("trap", TRAPS)
def test_a_trap_is_answered_rightly_and_the_wrong_answer_is_marked_as_wrong(trap: str) -> None:
    found = ask(TRAPS[trap], DAY)
    assert found.found
    one = next(passage for passage in found.passages[:3] if passage.id == trap)
    law = next(one for one in library.traps() if one.id == trap)
    assert one.text.lower() == law.right.lower()
    assert one.wrong == law.wrong
    assert all(law.wrong not in passage.text for passage in found.passages)


@pytest.mark.parametrize("trap", library.traps(), ids=lambda trap: trap.id)
def test_a_wrong_statement_finds_what_is_right(trap: Trap) -> None:
    assert trap.id in [passage.id for passage in ask(f"Is it true that {trap.wrong}?", DAY).passages[:3]]


@pytest.mark.parametrize("question", ANSWERED)
def test_an_answer_has_its_passage_with_citation_and_confidence(question: str) -> None:
    found = ask(question, DAY)
    one = next(passage for passage in found.passages[:3] if passage.id == ANSWERED[question])
    assert one.citation
    assert one.confidence in library.about().confidence_scale
    assert found.law.checked_on == library.about().as_of
    assert "no legal advice" in found.law.notice


@pytest.mark.parametrize("question", IN_OTHER_WORDS)
def test_a_question_in_everyday_words_finds_its_passage_among_the_first(question: str) -> None:
    first = [passage.id.split("/")[-1] for passage in ask(question, DAY).passages[:3]]
    assert IN_OTHER_WORDS[question] in first


@pytest.mark.parametrize("question", NOT_ANSWERED)
def test_what_the_sources_do_not_hold_is_not_answered(question: str) -> None:
    found = ask(question, DAY)
    assert not found.found
    assert found.passages == ()
    assert "hold no answer" in found.words


def test_the_threshold_stands_between_what_is_answered_and_what_is_not() -> None:
    answered = [ask(question, DAY).passages[0].coverage for question in (*ANSWERED, *TRAPS.values())]
    assert min(answered) >= ENOUGH


def test_three_words_that_stand_together_need_a_smaller_share() -> None:
    assert not ask("two days holiday sourdough", DAY).found
    three = ask("two days death holiday sourdough", DAY).passages[0]
    assert three.id == "t-7"
    assert three.coverage < ENOUGH


def test_a_draft_reading_and_an_open_question_are_marked() -> None:
    draft = ask("Does a disclaimer in the terms of service undo marketing for a high-risk use?", DAY).passages[0]
    assert draft.confidence == "draft"
    assert "oq-2" in [one.id for one in ask("terms-of-service disclaimer marketing high-risk", DAY).unsettled]
    assert "oq-1" in [one.id for one in ask("Affix CE marking", DAY).unsettled]
    question = ask("Delegated act under Art. 53(5)", DAY).passages
    assert any(one.kind == "open_question" and one.confidence == "open" for one in question)


@pytest.mark.parametrize("question", ["", "   ", "?!", "what is the", "x " * LONGEST_QUESTION])
def test_a_question_without_a_word_to_look_for_is_refused(question: str) -> None:
    with pytest.raises(QuestionRefused):
        ask(question, DAY)


@given(question=st.text(max_size=80))
@settings(max_examples=50, deadline=None)
def test_no_sign_of_a_question_means_anything_to_the_index(question: str) -> None:
    try:
        found = ask(f'{question} " OR NEAR( fruit*', DAY)
    except QuestionRefused:
        return
    assert all(0 <= one.coverage <= 1 for one in found.passages)


def test_an_imported_text_is_searched_and_cited_by_article_and_paragraph() -> None:
    section = Section(label="Article 2", title="Fruit", passages=(("3", "Bananas shall be curved."),))
    text = OfficialText(
        title="Regulation (EC) No 1/2000", file="a.html", sha256="a" * 64, imported_on=DAY, complete=False, lacks=(),
        sections=(section,),
    )  # fmt: skip
    question = "Must bananas be curved?"
    assert not ask(question, DAY).found
    (one,) = ask(question, DAY, (text,)).passages
    assert (one.kind, one.citation) == ("official", "Article 2(3), Regulation (EC) No 1/2000 (incomplete file)")
