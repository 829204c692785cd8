"""The Duplicates page without a browser: before a search, after it, judged, and taken away."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from sbert_core import sample
from sbert_core.jobs import JobQueue
from sbert_core.lab import Lab

from .page_checks import healthy, words

ROOT = Path(__file__).resolve().parent.parent
PAGE = "pages/6_Duplicates.py"


@pytest.fixture
def open_page(monkeypatch):
    """Open the page with the bundled sample on the table; no worker is started."""
    monkeypatch.setattr(JobQueue, "ensure_worker", lambda self: None)
    monkeypatch.chdir(ROOT)

    def opened():
        at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
        return healthy(healthy(at.run()).switch_page(PAGE).run())

    return opened


@pytest.fixture
def loaded(open_page):
    """The page once the sample was searched."""
    open_page()
    lab = Lab()
    lab.duplicates.find(sample.find(lab).corpus_id, sample.SAMPLE_MODEL)
    return open_page()


def figures(at):
    return {metric.label: metric.value for metric in at.metric}


def view(at, name):
    control = next(c for c in at.segmented_control if name in c.options)
    return healthy(control.set_value(control.options[list(control.options).index(name)]).run())


def test_before_a_search_it_says_what_it_takes(open_page):
    at = open_page()
    assert "258,840 pairs to compare" in words(at)
    (start,) = [b for b in at.button if b.label.startswith("Find duplicates")]
    healthy(start.click().run())
    assert [job.spec.title for job in Lab().jobs.jobs()][:1] == [
        "Find duplicates in Sample messages"
    ]


def test_the_threshold_moves_every_figure(loaded):
    before = figures(loaded)
    (line,) = loaded.number_input
    healthy(line.set_value(0.6).run())
    after = figures(loaded)
    assert int(after["Paraphrases"].replace(",", "")) > int(before["Paraphrases"].replace(",", ""))
    left = "Rows left with one per group"
    assert int(after[left].replace(",", "")) < int(before[left].replace(",", ""))


def test_a_judged_pair_is_counted_and_can_be_taken_back(loaded):
    lab = Lab()
    found = lab.duplicates.stored(sample.find(lab).corpus_id, sample.SAMPLE_MODEL)
    at = view(loaded, "Judge pairs")
    healthy(
        next(b for b in at.button if (b.key or "").startswith("duplicates_judge_")).click().run()
    )
    assert len(lab.duplicates.judged(found)) == 1
    healthy(at.button(key="duplicates_undo").click().run())
    assert lab.duplicates.judged(found) == []


@pytest.mark.parametrize("name", ["Trivial copies", "Groups", "Take it with you"])
def test_every_view_opens(loaded, name):
    assert words(view(loaded, name))


def test_a_corpus_of_copies_only_can_be_taken_away_with_one_row_each(open_page, tmp_path):
    file = tmp_path / "copies.csv"
    file.write_text("text\nThe parcel is late.\nThe parcel is late.\nMy cat sleeps.\n")
    lab = Lab()
    corpus = lab.open_file(file)
    lab.embed(corpus.corpus_id, sample.SAMPLE_MODEL)
    found = lab.duplicates.find(corpus.corpus_id, sample.SAMPLE_MODEL)
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    at.query_params["corpus"] = corpus.corpus_id
    at = healthy(healthy(at.run()).switch_page(PAGE).run())
    assert "word for word: 1." in words(at)
    assert "2 of 3 rows stay" in words(at)
    kept = lab.duplicates.keep_one(found, 1.0, "longest", None)
    assert kept["text"].tolist() == ["The parcel is late.", "My cat sleeps."]
