"""The Compare encoders page without a browser: with the sample, without, and with wrong choices."""

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from sbert_core import sample
from sbert_core.jobs import JobQueue
from sbert_core.lab import Lab
from sbert_core.model_shelf import ModelShelf

from .page_checks import healthy, words

ROOT = Path(__file__).resolve().parent.parent
PAGE = "pages/3_Compare_encoders.py"


@pytest.fixture
def lab(monkeypatch):
    """The workspace of the app; no worker is started, and no model may be loaded."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(JobQueue, "ensure_worker", lambda self: None)
    monkeypatch.setattr(ModelShelf, "load", lambda self, model: pytest.fail(f"{model} was loaded"))
    lab = Lab()
    sample.install(lab)
    return lab


@pytest.fixture
def page(lab):
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    return at.switch_page(PAGE).run()


def drawn(at):
    """What was sent to the script that draws the maps: linked maps, then the morph."""
    sent = [json.loads(element.proto.json_args) for element in at.get("component_instance")]
    return [json.loads(args["payload"]) for args in sent]


def test_the_sample_shows_the_argument_of_the_paper_at_once_and_loads_no_model(page):
    healthy(page)
    ranked = page.dataframe[0].value
    assert ranked["encoder"].tolist() == ["minilm", "sbert-mini", "bert-mini", "bert-mini:cls"]
    assert ranked["neighbours right"].is_monotonic_decreasing
    assert ranked["V-measure"].is_monotonic_decreasing
    linked, morph = drawn(page)
    assert linked["titles"] == list(sample.ARGUMENT) == morph["titles"]
    assert (linked["kind"], morph["kind"]) == ("linked", "morph")
    assert len(linked["cards"]) == 720
    assert len(linked["legend"]) == 12
    assert len(morph["places"]) == 4
    assert "nearest neighbours for its label in “topic”" in words(page)
    assert "Drawn again with another seed" in words(page)
    assert "Nearest under bert\\-mini:cls" in words(page)


def test_every_figure_says_how_it_is_read(page):
    said = words(page)
    for sentence in (
        "Hover over a column's name",
        "Each point is a sentence",
        "Move the slider, or press Play",
        "Filled dots are measured in embedding space",
        "The number is the cosine under that encoder",
    ):
        assert sentence in said


def test_colours_and_the_morph_can_be_changed(page):
    colour = page.selectbox(key="compare_colour")
    for option in colour.options:
        page.selectbox(key="compare_colour").set_value(option.removeprefix("Coloured by ")).run()
        healthy(page)
        assert len(drawn(page)) == 2
    page.selectbox(key="compare_morph").set_value("minilm to itself, drawn twice").run()
    healthy(page)
    assert drawn(page)[1]["titles"] == ["minilm", "minilm, another seed"]


def test_another_pair_shows_other_sentences(page):
    before = page.dataframe[-1].value["sentence"].tolist()
    assert len(before) == 20
    page.selectbox(key="compare_changed_pair").set_value("sbert-mini and minilm").run()
    healthy(page)
    assert page.dataframe[-1].value["sentence"].tolist() != before
    assert "Nearest under sbert\\-mini" in words(page)


@pytest.mark.parametrize("models", [[], ["minilm"]])
def test_fewer_than_two_encoders_are_asked_for(page, models):
    page.multiselect(key="compare_models").set_value(models).run()
    assert "at least two encoders" in words(healthy(page))


def test_the_same_encoder_twice_gets_a_sentence(page):
    page.multiselect(key="compare_models").set_value(["bert-mini", "bert-mini:mean"]).run()
    assert not page.exception
    assert "are the same encoder" in page.error[0].value


def test_a_new_choice_says_what_it_takes_and_becomes_a_job(page, lab):
    page.multiselect(key="compare_models").set_value(["minilm", "bert-mini:max"]).run()
    healthy(page)
    assert "embed it with bert\\-mini:max, draw each map twice" in words(page)
    page.button(key="compare_start").click().run()
    healthy(page)
    (job,) = lab.jobs.jobs()
    assert job.spec.kind == "compare"
    assert job.spec.parameters["models"] == ["minilm", "bert-mini:max"]
    assert "appears here as soon as it is made" in words(page)
    assert any(button.label == "Cancel" for button in page.button)
    # Cancelled: said, and offered again.
    lab.jobs.store.write(replace(job, status="cancelled"))
    page.run()
    healthy(page)
    assert "was cancelled" in words(page)
    assert page.button(key="compare_start")


def test_a_job_that_failed_says_why(page, lab):
    page.multiselect(key="compare_models").set_value(["minilm", "bert-mini:max"]).run()
    page.button(key="compare_start").click().run()
    (job,) = lab.jobs.jobs()
    why = "Comparing needs at least 3 different sentences; this corpus has 1."
    lab.jobs.store.write(replace(job, status="failed", error=why))
    page.run()
    assert not page.exception
    assert "at least 3 different sentences" in page.error[0].value


def test_a_corpus_without_labels_is_offered_without_them(lab):
    texts = [f"sentence {row}" for row in range(6)]
    lab.workspace.add_corpus(
        pd.DataFrame({"text": texts}),
        name="plain",
        text_column="text",
        label_column=None,
        report={},
    )
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    at = healthy(at.switch_page(PAGE).run())
    assert at.selectbox(key="compare_label").options == ["no labels"]
    assert "6 sentences" in words(at)
    assert at.button(key="compare_start").label == "Compare 4 encoders"


def test_choices_survive_a_page_change(page):
    page.multiselect(key="compare_models").set_value(["minilm", "sbert-mini"]).run()
    page.switch_page("pages/1_Corpus.py").run()
    at = healthy(page.switch_page(PAGE).run())
    assert at.multiselect(key="compare_models").value == ["minilm", "sbert-mini"]
