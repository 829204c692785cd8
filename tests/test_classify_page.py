"""The Classify page without a browser: by names, from examples, by hand, with a saved head."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from sbert_core import sample
from sbert_core.desk_results import FewShotConfig
from sbert_core.jobs import JobQueue
from sbert_core.lab import Lab

from .page_checks import healthy, words

ROOT = Path(__file__).resolve().parent.parent
PAGE = "pages/7_Classify.py"


@pytest.fixture
def open_page(monkeypatch):
    """Open the page with the bundled sample on the table; no worker is started."""
    monkeypatch.setattr(JobQueue, "ensure_worker", lambda self: None)
    monkeypatch.chdir(ROOT)

    def opened(way=None):
        at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
        if way:
            at.session_state["kept_classify_way"] = way
        return healthy(healthy(at.run()).switch_page(PAGE).run())

    return opened


def figures(at):
    return {metric.label: metric.value for metric in at.metric}


def corpus_id():
    return sample.find(Lab()).corpus_id


def test_it_opens_on_names_and_asks_for_two(open_page):
    at = open_page()
    assert "Type at least two names" in words(at)
    at.text_area[0].set_value("only one").run()
    assert "Type at least two names" in words(healthy(at))
    assert not at.dataframe


def test_names_sort_the_sample(open_page):
    at = open_page()
    take = next(button for button in at.button if button.label.startswith("Take the"))
    healthy(take.click().run())
    assert "Agree with “topic”" in figures(at)
    assert at.dataframe[0].value["sentences"].sum() == 720
    at.text_input(key="classify_template").set_value("no place").run()
    assert not at.exception
    assert "has no" in at.error[0].value


def test_a_doubled_name_is_refused_in_a_sentence(open_page):
    at = open_page()
    at.text_area[0].set_value("parcel\nParcel").run()
    assert not at.exception
    assert "is there twice" in at.error[0].value


def test_examples_of_a_column_are_learnt_by_a_job_and_shown(open_page):
    at = open_page("examples")
    assert "examples of" in words(at)
    healthy(at.button(key="classify_learn").click().run())
    job = next(job for job in Lab().jobs.jobs() if job.spec.kind == "classify")
    Lab().run_job(job.spec, lambda *_: None)
    Lab().jobs.dismiss(job.job_id)
    at = open_page("examples")
    assert float(figures(at)["Accuracy"].rstrip("%")) > 60
    assert at.dataframe[0].value["sentences"].sum() == 720
    assert at.button(key="classify_curve").label == "Draw the learning curve"


def test_labels_by_hand_are_kept_and_can_be_taken_back(open_page):
    desk, corpus = Lab().classification, corpus_id_of(open_page)
    for name in ("parcel", "money"):
        desk.labels.add_class(corpus, name)
    at = open_page("examples")
    at.radio[0].set_value("hand").run()
    healthy(at.button(key="classify_is_0").click().run())
    healthy(at.button(key="classify_is_1").click().run())
    given = desk.labels.read(corpus).labels
    assert list(given.values()) == ["parcel", "money"]
    healthy(at.button(key="classify_undo").click().run())
    assert list(desk.labels.read(corpus).labels.values()) == ["parcel"]


def corpus_id_of(open_page):
    open_page()
    return corpus_id()


def test_a_class_is_made_by_typing_and_a_doubled_one_is_refused(open_page):
    at = open_page("examples")
    at.radio[0].set_value("hand").run()
    at.text_input(key="classify_new_class_0").set_value("a, b").run()
    assert Lab().classification.labels.read(corpus_id()).classes == ("a", "b")
    at.text_input(key="classify_new_class_2").set_value("A").run()
    assert "already" in healthy(at).warning[0].value


def test_a_saved_head_sorts_and_another_file_is_refused(open_page):
    open_page()
    lab = Lab()
    found = lab.classification.few_shot(
        corpus_id(), sample.SAMPLE_MODEL, FewShotConfig(column="topic", shots=4)
    )
    data = lab.classification.head_file(found).to_bytes()
    at = open_page("head")
    healthy(at.file_uploader[0].set_value(("h.safetensors", data, "x/y")).run())
    assert f"{len(found.classes)} classes, learnt on" in words(at)
    at.file_uploader[0].set_value(("h.safetensors", b"nonsense", "x/y")).run()
    assert not at.exception
    assert "no head of this program" in at.error[0].value


def test_a_refresh_brings_back_names_and_way(open_page):
    at = open_page()
    names = at.text_area[0].set_value("parcels\nbank cards").run().text_area[0]
    assert names.value == "parcels\nbank cards"
    assert open_page().text_area[0].value == "parcels\nbank cards"  # another session
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    healthy(at.run())
    at.query_params["way"] = "examples"
    at = healthy(at.switch_page(PAGE).run())
    assert at.button(key="classify_learn").label == "Learn and sort"
