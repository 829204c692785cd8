"""The Benchmark page and its desk without a browser: what shows at once, measuring, bad files."""

import csv
import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from sbert_core import sample, stsb_hub
from sbert_core.desk_results import BenchmarkTask
from sbert_core.errors import Cancelled, DataError, FileError, ModelError
from sbert_core.jobs import JobQueue
from sbert_core.lab import Lab
from sbert_core.sample import ARGUMENT, PAIRS

from .encoders.tiny_models import bert_model, bert_tokenizer, write_checkpoint
from .page_checks import healthy, words

ROOT = Path(__file__).resolve().parent.parent
PAGE = "pages/9_Benchmark.py"
GRADED = (
    "sentence1,sentence2,score\n"
    "the cat sat,a cat was sitting,4.5\n"
    "the dog ran,my card is lost,0\n"
    "where is my card,my card is lost,3\n"
    "the cat sat,the dog ran,1\n"
    "my card is lost,the card was lost,5\n"
)
SAME = (
    "sentence1,sentence2,label\n" + "the cat sat,a cat was sitting,1\nthe dog ran,my card,0\n" * 3
)
BAD = {
    "equal.csv": (b"sentence1,sentence2,score\na b,c d,3\ne f,g h,3\ni j,k l,3\n", "are 3, so"),
    "text.csv": (
        b"sentence1,sentence2,score\na b,c d,very\ne f,g h,little\ni j,k l,quite\n",
        "is not a number",
    ),
    "two.csv": (b"sentence1,sentence2,score\na b,c d,3\ne f,g h,1\n", "at least 3"),
    "empty.csv": (b"", "empty.csv"),
    "corpus.csv": (b"text,topic\nthe cat sat,animals\nmy card is lost,bank\n", "corpus.csv"),
    "picture.csv": (b"\x89PNG\r\n\x1a\n" + bytes(60), "picture.csv"),
}


@pytest.fixture
def lab(monkeypatch):
    """The workspace of the app, with a tiny encoder; no worker is started."""
    monkeypatch.setattr(JobQueue, "ensure_worker", lambda self: None)
    lab = Lab()
    write_checkpoint(lab.workspace.root / "models" / "tiny", bert_tokenizer(), bert_model)
    return lab


@pytest.fixture
def app(monkeypatch, lab):
    """The Benchmark page, with the bundled sample on the table."""
    monkeypatch.chdir(ROOT)
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    return healthy(healthy(at.run()).switch_page(PAGE).run())


@pytest.fixture
def graded(tmp_path):
    path = tmp_path / "graded.csv"
    path.write_text(GRADED, encoding="utf-8")
    return path


def button(at, label):
    return next(button for button in at.button if button.label.startswith(label))


def table(at, *columns):
    """The table that has these columns."""
    return next(t.value for t in at.dataframe if set(columns) <= set(t.value.columns))


def upload(at, name, content):
    at.segmented_control(key="pairs").set_value("file").run()
    return at.file_uploader[0].set_value((name, content, "text/csv")).run()


# --- graded pairs ------------------------------------------------------------------------------


def test_the_argument_shows_at_once_without_loading_a_model(monkeypatch):
    monkeypatch.chdir(ROOT)
    before = "torch" in sys.modules
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    at = healthy(at.switch_page(PAGE).run())
    scores = table(at, "Spearman cosine")
    assert list(scores["encoder"]) == list(ARGUMENT)
    # The argument of the paper, in the order in which it is told.
    assert list(scores["Spearman cosine"]) == sorted(scores["Spearman cosine"])
    assert "came with the bundled pairs" in words(at)
    assert "largest disagreements" in words(at)
    assert before or "torch" not in sys.modules


def test_published_and_measured_are_never_in_one_table(app):
    published = app.selectbox(key="benchmark_published")
    for key in published.options:
        assert key
    for place in range(len(published.options)):
        at = app.selectbox(key="benchmark_published").select_index(place).run()
        healthy(at)
        tables = [set(t.value.columns) for t in at.dataframe]
        with_encoders = [names for names in tables if "95 % interval" in names]
        assert all(not names & {"STSb", "STSb test", "base"} for names in with_encoders)
        assert "Source: [" in words(at)
    assert "published" in words(app) and "measured here" in words(app)


def test_a_file_is_measured_kept_and_found_again(app, lab):
    upload(app, "mine.csv", GRADED.encode())
    assert "mine.csv: 5 pairs graded from 0 to 5" in words(healthy(app)).replace("\\", "")
    assert not any("Spearman cosine" in t.value.columns for t in app.dataframe)
    app.multiselect(key="benchmark_sts_models").set_value(["tiny", "tiny:cls"]).run()
    button(app, "Measure 2 encoders").click().run()
    healthy(app)
    (job,) = lab.jobs.jobs(lab.leaderboard.JOBS)
    assert "Measure 2 encoders" in job.spec.title
    assert not any(b.label.startswith("Measure") for b in app.button)  # it is on its way
    lab.run_job(job.spec, lambda done, total, message="": None)
    lab.jobs.store.write(replace(job, status="done"))
    app.run()
    scores = table(healthy(app), "Spearman cosine")
    assert sorted(scores["encoder"]) == ["tiny", "tiny:cls"]
    row = dict(zip(scores["encoder"], scores["Spearman cosine"], strict=True))
    expected = lab.evaluation.stored_sts(Path(job.spec.parameters["task"]["files"][0]), "tiny")
    assert row["tiny"] == pytest.approx(expected.spearman_cosine)
    # A new session: the file is offered again, and its figures are there.
    again = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    again = again.switch_page(PAGE).run()
    again.segmented_control(key="pairs").set_value("file").run()
    again.selectbox(key="benchmark_known_sts").select_index(0).run()
    again.multiselect(key="benchmark_sts_models").set_value(["tiny"]).run()
    assert list(table(healthy(again), "Spearman cosine")["encoder"]) == ["tiny"]


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_one_clear_sentence(app, name):
    content, said = BAD[name]
    upload(app, name, content)
    assert not app.exception
    assert len(app.error) == 1
    assert said in app.error[0].value.replace("\\", "")
    assert "nan" not in words(app).lower().split()


def test_without_encoders_it_says_so(app):
    app.multiselect(key="benchmark_sts_models").set_value([]).run()
    assert "Choose at least one encoder" in words(healthy(app))


def test_an_encoder_that_is_not_there_is_a_sentence(app):
    app.multiselect(key="benchmark_sts_models").set_value(["nobody"]).run()
    button(healthy(app), "Measure nobody").click().run()
    assert not app.exception
    assert "no encoder" in app.error[0].value.replace("\\", "")


def test_offline_the_hubs_pairs_are_a_clear_sentence(app):
    app.segmented_control(key="pairs").set_value("stsb").run()
    button(healthy(app), "Fetch it").click().run()
    healthy(app)
    assert "the hub cannot be reached" in app.warning[0].value
    assert "put in a file" in app.warning[0].value


def test_the_page_works_without_a_corpus(app, lab):
    for info in lab.corpora():
        lab.delete_corpus(info.corpus_id)
    at = healthy(app.run())
    assert list(table(at, "Spearman cosine")["encoder"]) == list(ARGUMENT)


# --- other tasks -------------------------------------------------------------------------------


def test_groups_are_compared_with_the_labels_of_the_corpus(app, lab):
    app.query_params["tab"] = "Other tasks"
    at = healthy(app.run())
    assert "720 sentences" in words(at)
    at.multiselect(key="benchmark_clusters_models").set_value(["minilm"]).run()
    button(at, "Measure minilm").click().run()
    (job,) = lab.jobs.jobs(lab.leaderboard.JOBS)
    lab.run_job(job.spec, lambda done, total, message="": None)
    lab.jobs.store.write(replace(job, status="done"))
    at.run()
    figures = table(healthy(at), "V-measure", "adjusted Rand")
    assert 0.5 < figures["V-measure"][0] < 1
    assert "How to read it" in words(at)


@pytest.mark.parametrize(
    ("title", "files"), [("Same or not", 1), ("Inference", 1), ("Triplets", 1), ("Search", 3)]
)
def test_a_task_is_linked_to_and_asks_for_its_files(app, title, files):
    app.query_params["tab"] = "Other tasks"
    app.query_params["task"] = title
    at = healthy(app.run())
    assert len(at.file_uploader) == files
    assert not any(b.label.startswith("Measure") for b in at.button)


def test_same_or_not_measures_a_file(app, lab):
    app.query_params["tab"] = "Other tasks"
    app.query_params["task"] = "Same or not"
    at = healthy(app.run())
    at.file_uploader[0].set_value(("same.csv", SAME.encode(), "text/csv")).run()
    at.multiselect(key="benchmark_pairs_models").set_value(["tiny"]).run()
    assert "nothing is measured on it yet" in words(healthy(at))
    button(at, "Measure tiny").click().run()
    (job,) = lab.jobs.jobs(lab.leaderboard.JOBS)
    lab.run_job(job.spec, lambda done, total, message="": None)
    lab.jobs.store.write(replace(job, status="done"))
    at.run()
    assert list(table(healthy(at), "average precision", "best F1")["encoder"]) == ["tiny"]
    assert "on 6 pairs" in words(at)


def test_a_file_that_does_not_fit_a_task_fails_with_a_sentence_and_can_be_tried_again(app, lab):
    app.query_params["tab"] = "Other tasks"
    app.query_params["task"] = "Triplets"
    at = healthy(app.run())
    at.file_uploader[0].set_value(("same.csv", SAME.encode(), "text/csv")).run()
    at.multiselect(key="benchmark_triplet_models").set_value(["tiny"]).run()
    button(at, "Measure tiny").click().run()
    assert not at.exception
    assert "triplet" in at.error[0].value


@pytest.mark.parametrize(
    ("tab", "said"),
    [
        ("Cross-encoder race", "has to read every pair"),
        ("Re-ranking", "cross-encoder"),
        ("Speed", "second"),
    ],
)
def test_the_other_tabs_open(app, tab, said):
    app.query_params["tab"] = tab
    at = healthy(app.run())
    assert said in words(at)
    assert not at.multiselect  # those of the first tab are not drawn


# --- the desk ----------------------------------------------------------------------------------


def test_shipped_scores_are_what_the_shipped_cosines_give(lab):
    from sbert_core.evaluation.sts import spearman

    with PAIRS.open(encoding="utf-8", newline="") as lines:
        gold = [float(row["score"]) for row in csv.DictReader(lines)]
    for row in lab.leaderboard.rows(PAIRS, ARGUMENT):
        details = lab.leaderboard.details(PAIRS, row.model)
        assert row.origin == "shipped"
        assert list(details.gold) == gold
        assert 100 * spearman(gold, details.cosines) == pytest.approx(
            row.scores.spearman_cosine, abs=0.05
        )


def test_what_is_measured_takes_the_place_of_what_is_shipped(lab, monkeypatch, graded):
    entry = {**sample.shipped_sts()[0], "model": "tiny", "spearman_cosine": 1.25}
    monkeypatch.setattr(sample, "shipped_sts", lambda: [entry])
    monkeypatch.setattr(sample, "PAIRS", graded)
    desk = lab.leaderboard
    assert [(r.origin, r.scores.spearman_cosine) for r in desk.rows(graded, ["tiny"])] == [
        ("shipped", 1.25)
    ]
    measured = desk.measure(BenchmarkTask("sts", (str(graded),)), "tiny")
    (row,) = desk.rows(graded, ["tiny"])
    assert (row.origin, row.scores.spearman_cosine) == ("measured", measured["spearman_cosine"])
    assert row.scores.spearman_cosine != 1.25


def test_cancel_keeps_what_is_finished(lab, graded):
    task = BenchmarkTask("sts", (str(graded),))
    job = lab.leaderboard.start(task, ["tiny", "tiny:cls"])
    seen = []

    def cancel_at_the_second(done, total, message=""):
        seen.append(message)
        if message.startswith("tiny:cls"):
            raise Cancelled("stop")

    with pytest.raises(Cancelled):
        lab.leaderboard.run_job(job.spec, cancel_at_the_second)
    assert seen[0] == "tiny, encoder 1 of 2"
    assert [row.model for row in lab.leaderboard.rows(graded, ["tiny", "tiny:cls"])] == ["tiny"]
    lab.leaderboard.run_job(job.spec, lambda done, total, message="": None)
    assert len(lab.leaderboard.rows(graded, ["tiny", "tiny:cls"])) == 2


def test_figures_of_other_tasks_are_kept_for_their_files(lab, tmp_path):
    path = tmp_path / "same.csv"
    path.write_text(SAME, encoding="utf-8")
    task = BenchmarkTask("pairs", (str(path),))
    assert lab.leaderboard.figures(task, ["tiny"]) == {}
    figures = lab.leaderboard.measure(task, "tiny")
    assert figures["pairs"] == 6 and 0 <= figures["ap"] <= 1
    assert lab.leaderboard.figures(task, ["tiny", "tiny:cls", "nobody"]) == {"tiny": figures}
    other = BenchmarkTask("pairs", (str(tmp_path / "other.csv"),))
    assert lab.leaderboard.figures(other, ["tiny"]) == {}


def test_a_task_goes_through_json_and_refuses_what_it_cannot_do():
    task = BenchmarkTask("retrieval", ("a", "b", "c"))
    assert BenchmarkTask.from_dict(json.loads(json.dumps(task.to_dict()))) == task
    with pytest.raises(DataError, match="retrieval takes 3 files, not 1"):
        BenchmarkTask("retrieval", ("a",))
    with pytest.raises(DataError, match="kind='none' should be one of sts, pairs"):
        BenchmarkTask("none")
    with pytest.raises(DataError, match="corpus and its column"):
        BenchmarkTask("clusters")


def test_starting_refuses_at_once_what_would_fail_in_the_queue(lab, graded, tmp_path):
    task = BenchmarkTask("sts", (str(graded),))
    with pytest.raises(DataError, match="at least one encoder"):
        lab.leaderboard.start(task, [])
    with pytest.raises(ModelError, match="no encoder 'nobody'"):
        lab.leaderboard.start(task, ["nobody"])
    with pytest.raises(FileError):
        lab.leaderboard.start(BenchmarkTask("sts", (str(tmp_path / "none.csv"),)), ["tiny"])
    assert lab.jobs.jobs(lab.leaderboard.JOBS) == []


def test_the_hubs_pairs_are_fetched_once_and_read_like_a_file(lab, monkeypatch, tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    parquet = tmp_path / "test-0.parquet"
    rows = {"sentence1": ["a b", "c", "d"], "sentence2": ["e", "f", "g"], "score": [0.1, 0.5, 1.0]}
    pq.write_table(pa.table(rows), parquet)
    asked = []
    monkeypatch.setattr(
        stsb_hub, "_download", lambda: (asked.append(1), (parquet, "abcdef0123456789"))[1]
    )
    assert lab.leaderboard.stsb() is None
    path = lab.leaderboard.fetch_stsb()
    assert path.name == "STS Benchmark test abcdef0.jsonl"
    assert lab.leaderboard.look(path).pairs == 3
    assert np.allclose(lab.leaderboard._read(path).scores, rows["score"])
    assert lab.leaderboard.fetch_stsb() == path == lab.leaderboard.stsb()
    assert asked == [1]
