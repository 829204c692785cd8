"""The Benchmark page's tabs on cross-encoders and speed, without a browser."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from sbert_core import race_desk
from sbert_core.encoders.cross_encoder import CrossEncoder
from sbert_core.jobs import JobQueue
from sbert_core.judged_search import SearchFiles
from sbert_core.lab import Lab
from sbert_core.sample import find

from .encoders.tiny_models import bert_model, bert_tokenizer, write_checkpoint
from .page_checks import healthy, words

ROOT = Path(__file__).resolve().parent.parent
PAGE = "pages/9_Benchmark.py"


@pytest.fixture
def lab(monkeypatch):
    """The workspace of the app, with tiny encoders; no worker is started."""
    monkeypatch.setattr(JobQueue, "ensure_worker", lambda self: None)
    monkeypatch.setattr(race_desk, "RACE_SIZES", (5, 20))
    monkeypatch.setattr(race_desk, "SAMPLE_S", 0.05)
    lab = Lab()
    models = lab.workspace.root / "models"
    base = write_checkpoint(models / "tiny", bert_tokenizer(), bert_model)
    CrossEncoder.start(base, 1).save(models / "judge")
    return lab


@pytest.fixture
def open_tab(monkeypatch, lab):
    """Open a tab with the tiny encoders and the bundled sample on the table."""
    monkeypatch.chdir(ROOT)

    def opened(tab):
        at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
        at.session_state["kept_race_cross"] = "judge"
        at.session_state["lab_encoder"] = "tiny"
        at.query_params["tab"] = tab
        healthy(at.run())
        at.query_params["tab"] = tab
        return healthy(at.switch_page(PAGE).run())

    return opened


def click(at, label):
    healthy(next(button for button in at.button if button.label == label).click().run())


def do_jobs(lab):
    """Do what the worker would."""
    for job in lab.jobs.jobs(lab.race.JOBS):
        lab.run_job(job.spec, lambda *_: None)
        lab.jobs.cancel(job.job_id)


def test_a_race_is_started_and_shown(open_tab, lab):
    at = open_tab("Cross-encoder race")
    assert "about 65 hours" in words(at)
    click(at, "Start the race")
    assert not any(button.label == "Start the race" for button in at.button)
    do_jobs(lab)
    healthy(at.run())
    assert [metric.label for metric in at.metric][1] == "20 sentences by judge"
    assert "190 pairs" in words(at)
    assert "65 hours" in words(at)


def test_a_query_is_ranked_by_both_and_a_blank_one_is_asked_for(open_tab, lab):
    lab.embed(find_sample(lab), "tiny")
    at = open_tab("Re-ranking")
    assert "720 sentences" in words(at)
    at.text_input(key="rerank_query").set_value("  ").run()
    assert "Type what you are looking for" in words(healthy(at))


def test_a_corpus_without_vectors_offers_to_make_them(open_tab):
    assert any("Embed" in button.label for button in open_tab("Re-ranking").button)


def test_depths_are_started_and_shown(open_tab, lab):
    at = open_tab("Re-ranking")
    click(at, "Measure 0, 10, 20, 50 and 100 candidates")
    do_jobs(lab)
    healthy(at.run())
    assert "450 documents, 50 of 92 queries" in words(at)
    assert lab.race.stored_depths(SearchFiles(), "tiny", "judge") is not None
    at.segmented_control(key="rerank_source").set_value("files").run()
    assert "all three files" in words(healthy(at))


def test_a_speed_trial_is_started_and_shown(open_tab, lab, monkeypatch):
    monkeypatch.setattr(race_desk.RaceDesk.speed, "__defaults__", (lambda *_: None, 0.3))
    at = open_tab("Speed")
    click(at, "Measure the speed")
    do_jobs(lab)
    healthy(at.run())
    assert "24·L·D²" in words(at).replace("\\", "")


def find_sample(lab):
    """The app puts the sample into the workspace; here it has not begun yet."""
    from sbert_core.sample import install

    install(lab)
    return find(lab).corpus_id
