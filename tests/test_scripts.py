"""Exported scripts: each runs, and what it makes is what the Lab hands out for the same request."""

import ast
import os
import re
import runpy
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from sbert_core import race_desk, sample, scripts
from sbert_core.desk_results import BenchmarkTask, CompareConfig, SearchFiles, SearchRequest
from sbert_core.encoders.cross_encoder import CrossEncoder
from sbert_core.jobs import JobQueue
from sbert_core.lab import ClusterConfig, Lab, ProjectionConfig, to_csv
from sbert_core.sample import ARGUMENT, PAIRS
from sbert_core.script_text import written
from sbert_core.training_request import TrainConfig, TrainData, TrainRequest

from .encoders.tiny_models import bert_model, bert_tokenizer, write_checkpoint
from .page_checks import healthy

ROOT = Path(__file__).resolve().parent.parent
AWKWARD = 'it\'s """the""" \\N{cat}\nsat\r\u2028 \'\'\' {on} %s naïve 東京 🙂 \u202eabc \x00'
TEXT, LABEL = 'te"xt\n\\', "it's a {label}"


@pytest.fixture
def lab(monkeypatch):
    """A workspace with a tiny encoder and a tiny cross-encoder; no worker is started."""
    monkeypatch.setattr(JobQueue, "ensure_worker", lambda self: None)
    lab = Lab()
    models = lab.workspace.root / "models"
    base = write_checkpoint(models / "tiny", bert_tokenizer(), bert_model)
    CrossEncoder.start(base, 1).save(models / "judge")
    return lab


@pytest.fixture
def info(lab):
    """A corpus with an awkward name, awkward columns and awkward texts."""
    words = ("the cat sat", "my dog ran", "where is my card", AWKWARD)
    rows = [f"{words[i % 4]} {i}" for i in range(24)]
    frame = pd.DataFrame({TEXT: [*rows, rows[3]], LABEL: [AWKWARD[: 5 + i % 2] for i in range(25)]})
    return lab.workspace.add_corpus(
        frame, name=f"{AWKWARD}.csv", text_column=TEXT, label_column=LABEL, report={}
    )


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run a script in a folder of its own; return what it has made, by name."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    monkeypatch.chdir(folder)

    def ran(text):
        (folder / "script.py").write_bytes(text.encode("utf-8"))
        return runpy.run_path(str(folder / "script.py"))

    return ran


def saved(name):
    return Path(name).read_bytes()


# --- writing -----------------------------------------------------------------------------------


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.text(), inner, max_size=4)
            | st.lists(inner, max_size=3).map(tuple)
        ),
        max_leaves=12,
    )
)
def test_what_is_written_is_read_back_as_it_was(value):
    text = written(value)
    assert ast.literal_eval(text) == value
    assert all(line.isprintable() for line in text.split("\n"))


def test_settings_are_written_as_calls_that_name_what_is_not_the_default():
    assert written(ClusterConfig()) == "ClusterConfig()"
    assert written(ClusterConfig(k=np.int64(12))) == "ClusterConfig(k=12)"
    assert written(Path("a b.csv")) == 'Path("a b.csv")'
    rows = list(range(5, 500))
    assert ast.literal_eval(written({"a": rows})) == {"a": rows}
    assert len(written(rows).splitlines()) < 40
    request = TrainRequest(
        "tiny", "contrastive", TrainData("file", AWKWARD * 2, {"a": "one"}), settings={"margin": 1}
    )
    names = {"TrainRequest": TrainRequest, "TrainData": TrainData, "TrainConfig": TrainConfig}
    assert eval(written(request), names) == request


def test_a_script_has_no_text_of_a_user_outside_values_and_comments(info):
    text = scripts.map_script(info, AWKWARD, ProjectionConfig(), ClusterConfig())
    tree = ast.parse(text)
    assert "cat" not in ast.get_docstring(tree)
    assert [
        n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and "cat" in str(n.value)
    ] == [AWKWARD]
    assert all(line.isprintable() for line in text.splitlines())


# --- one for each page -------------------------------------------------------------------------


def test_home(lab, run):
    made = run(scripts.home_script(AWKWARD, "the cat", ["tiny", "tiny:cls"], "minilm"))
    corpus = sample.find(lab).corpus_id
    assert (made["drawn"].coordinates == lab.stored_map(corpus, "minilm").coordinates).all()
    assert made["scores"] == lab.similarity(AWKWARD, "the cat", ["tiny", "tiny:cls"])
    assert saved("groups.csv").count(b"\r\n") == 721


def test_embedding(lab, info, run):
    made = run(scripts.embedding_script(info, "tiny"))
    assert (made["vectors"] == lab.vectors(info.corpus_id, "tiny")).all()
    assert np.allclose(np.stack(pd.read_parquet("vectors.parquet")["embedding"]), made["vectors"])


def test_a_map_is_recognised_and_not_made_again(lab, info, run):
    drawing, grouping = ProjectionConfig("pca", dims=3, seed=7), ClusterConfig(k=3, seed=7)
    drawn = lab.map(info.corpus_id, "tiny", drawing)
    grouped = lab.cluster(info.corpus_id, "tiny", grouping)
    lab.rename_cluster(grouped.run.run_id, 0, "a name of my own")
    before = lab.workspace.runs(info.corpus_id)
    made = run(scripts.map_script(info, "tiny", drawing, grouping))
    assert [r.run_id for r in Lab().workspace.runs(info.corpus_id)] == [r.run_id for r in before]
    assert (made["drawn"].coordinates == drawn.coordinates).all()
    assert made["grouped"].names[0] == "a name of my own"
    table = lab.table(info.corpus_id, clusters=made["grouped"], drawn=drawn)
    assert saved("groups.csv") == to_csv(table)
    assert "a name of my own" in saved("map.html").decode()


def test_a_comparison(lab, run):
    info = sample.install(lab)
    config = CompareConfig("topic")
    made = run(scripts.comparison_script(info, ARGUMENT, config))
    found = lab.comparison.stored(info.corpus_id, ARGUMENT, config)
    assert made["found"].run == found.run
    assert made["encoders"]["v_measure"].tolist() == [e.v_measure for e in found.encoders]
    assert saved("agreement.csv").count(b"\r\n") == 7


@pytest.mark.parametrize("method", ["tokens", "gradients", "words"])
def test_a_pair(lab, info, run, capsys, method):
    made = run(scripts.pair_script(info, AWKWARD, "the dog ran", ["tiny"], "tiny", method))
    expected = lab.explanation.explain(AWKWARD, "the dog ran", "tiny", method)
    assert np.allclose(made["explanation"].a.values, expected.a.values)
    (score,) = made["scores"]
    assert score == lab.similarity(AWKWARD, "the dog ran", ["tiny"])[0]
    usual = lab.random_pairs(info.corpus_id, "tiny").percentile(score.cosine)
    assert f"above {usual:.1f} % of random pairs" in capsys.readouterr().out


def test_many_sentences_and_the_inside_of_one(lab, run):
    sentences = [AWKWARD, "the cat", "the cat"]
    made = run(scripts.matrix_script(sentences, "tiny"))
    assert np.allclose(made["table"], lab.similarity_matrix(sentences, "tiny"))
    made = run(scripts.anatomy_script(AWKWARD, "tiny"))
    expected = lab.explanation.anatomy(AWKWARD, "tiny")
    assert tuple(made["tokens"]["token"]) == expected.pieces
    assert np.allclose(made["tokens"]["length"], expected.norms)


def test_a_search(lab, info, run):
    request = SearchRequest("hybrid", k=3, where=((LABEL, AWKWARD[:5]),), rerank="judge")
    made = run(scripts.search_script(info, "tiny", AWKWARD, request))
    expected = lab.search.search(info.corpus_id, AWKWARD, request, "tiny")
    assert [hit.row for hit in made["result"].hits] == [hit.row for hit in expected.hits]
    assert saved("hits.csv") == to_csv(lab.search.table(info.corpus_id, [made["result"]]))
    assert "SearchRequest(" in scripts.search_script(info, "tiny", "x", SearchRequest())


def test_a_search_side_by_side_for_more_like_a_row(lab, info, run):
    request = SearchRequest("hybrid", k=4)
    text = scripts.search_script(info, "tiny", "", request, ["semantic", "keyword"], like=3)
    run(text)
    for mode in ("semantic", "keyword"):
        found = lab.search.like(info.corpus_id, 3, SearchRequest(mode, k=4), "tiny")
        rows = pd.read_csv(f"hits-{mode}.csv")["row"].tolist()
        assert rows == [hit.row for hit in found.hits]


@pytest.mark.parametrize("count", [3, 60])
def test_several_queries(lab, info, run, count):
    queries = [f"{AWKWARD} {number}".strip() for number in range(count)]
    request = SearchRequest("keyword", k=2)
    kept, results = lab.search.batch(info.corpus_id, queries, request, "tiny")
    text = scripts.many_searches_script(info, "tiny", queries, request, kept.run_id)
    made = run(text)
    assert made["run"].run_id == kept.run_id
    assert made["results"] == results
    assert len(text.splitlines()) < 40


@pytest.mark.parametrize("leave_out", [False, True])
def test_duplicates(lab, info, run, leave_out):
    desk = lab.duplicates
    found = desk.find(info.corpus_id, "tiny")
    desk.look_again(found, 0.9, "judge")
    text = scripts.duplicates_script(
        info, "tiny", 0.95, found.floor, "first", "judge", [0.9], leave_out=leave_out
    )
    runs = len(lab.workspace.runs(info.corpus_id))
    made = run(text)
    assert len(Lab().workspace.runs(info.corpus_id)) == runs  # nothing was read again
    doubted = desk.doubted(found, "judge") if leave_out else None
    assert saved("pairs.csv") == to_csv(desk.pair_table(found, 0.95, "judge", doubted))
    assert saved("groups.csv") == to_csv(desk.group_table(found, 0.95, "first", doubted))
    assert saved("kept.csv") == to_csv(desk.keep_one(found, 0.95, "first", doubted))
    assert len(made["kept"]) < 25 or leave_out


def test_duplicates_without_a_second_look(lab, info, run):
    made = run(scripts.duplicates_script(info, "tiny", 0.9, 0.5))
    found = lab.duplicates.stored(info.corpus_id, "tiny")
    assert made["pairs"].equals(lab.duplicates.pair_table(found, 0.9))


def test_training(lab, run):
    rows = "one,two,how\n" + "the cat sat,a cat was sitting,4\nthe dog ran,my card,1\n" * 40
    path = lab.training.keep_file('it\'s "odd" 東京.csv', rows.encode())
    config = TrainConfig(batch_size=64, learning_rate=1e-3, max_steps=1, evaluate_every=1)
    columns = {"a": "one", "b": "two", "score": "how"}
    request = TrainRequest("tiny", "sts", TrainData("file", str(path), columns), config)
    report = lab.training.run(request)
    made = run(scripts.training_script(request))
    assert made["request"] == request
    assert made["report"] == report
    assert list(lab.training.runs()) == [request.run_id]
    assert Path("encoder/modules.json").is_file()
    assert len(made["moved"]) == len(report.moved)


def test_graded_pairs_and_a_task(lab, info, run, tmp_path):
    path = tmp_path / "it's graded 東京.csv"
    rows = ["the cat sat,a cat sat,4.5", "the dog ran,my card,0", "my card,my dog,3"]
    path.write_text("sentence1,sentence2,score\n" + "\n".join(rows), encoding="utf-8")
    made = run(scripts.graded_pairs_script(path, ["tiny", "tiny:cls"]))
    assert made["scores"]["tiny:cls"] == lab.evaluation.stored_sts(path, "tiny:cls")
    assert made["table"]["spearman_cosine"].tolist() == [
        lab.evaluation.sts(path, model).spearman_cosine for model in ("tiny", "tiny:cls")
    ]
    assert "path = PAIRS" in scripts.graded_pairs_script(PAIRS, ["tiny"])
    task = BenchmarkTask("clusters", corpus_id=info.corpus_id, label_column=LABEL)
    made = run(scripts.task_script(task, ["tiny"]))
    assert made["figures"] == lab.leaderboard.figures(task, ["tiny"])
    assert asdict(made["task"]) == asdict(task)


def test_what_was_measured_last_is_returned_and_not_measured_again(lab, info, run, monkeypatch):
    monkeypatch.setattr(race_desk, "RACE_SIZES", (5, 8))
    monkeypatch.setattr(race_desk, "SAMPLE_S", 0.02)
    race = lab.race.race(info.corpus_id, "tiny", "judge")
    speed = lab.race.speed(info.corpus_id, "tiny", seconds=0.2)
    monkeypatch.setattr(race_desk.RaceDesk, "race", None)
    monkeypatch.setattr(race_desk.RaceDesk, "speed", None)
    assert run(scripts.race_script(info, "tiny", "judge"))["result"] == race
    assert run(scripts.speed_script(info, "tiny"))["result"] == speed
    assert saved("race.csv").count(b"\r\n") == 3
    found = run(scripts.reranked_query_script(info, AWKWARD, "tiny", "judge", 5))["found"]
    assert [m.row for m in found.moves] == [
        m.row for m in lab.race.rank(info.corpus_id, AWKWARD, "tiny", "judge", 5).moves
    ]
    files = SearchFiles(most_queries=2)
    curve = lab.race.depths(files, "tiny", "judge")
    assert run(scripts.reranking_depths_script(files, "tiny", "judge"))["curve"] == curve


def test_a_script_runs_by_itself(info, tmp_path):
    request = SearchRequest("keyword", k=5)
    path = tmp_path / "search.py"
    path.write_text(scripts.search_script(info, "tiny", "the cat", request), encoding="utf-8")
    found = subprocess.run(
        [sys.executable, "-W", "error::SyntaxWarning", str(path)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert found.returncode == 0, found.stderr
    expected = Lab().search.search(info.corpus_id, "the cat", request, "tiny")
    assert pd.read_csv(tmp_path / "hits.csv")["row"].tolist() == [h.row for h in expected.hits]


# --- the pages ---------------------------------------------------------------------------------


@pytest.fixture
def app(monkeypatch, lab):
    """The app on the bundled sample, with the tiny encoder for sentence pairs."""
    monkeypatch.chdir(ROOT)
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    at.session_state["kept_pair_models"] = ["tiny"]
    at.session_state["kept_explain_model"] = "tiny"
    return healthy(at.run())


def offered(at):
    """The scripts that a page offers, by name."""
    keys = [str(button.key) for button in at.download_button]
    names = [key.removeprefix("script_download_") for key in keys if key.startswith("script_")]
    codes = [code.value for code in at.code if "lab = Lab()" in code.value]
    assert len(names) == len(codes)
    return dict(zip(names, codes, strict=True))


@pytest.mark.parametrize(
    ("page", "names"),
    [
        ("app.py", ["home"]),
        ("pages/1_Corpus.py", ["vectors"]),
        ("pages/2_Map_and_clusters.py", ["map"]),
        ("pages/3_Compare_encoders.py", ["compare"]),
        ("pages/4_Sentence_pair.py", ["pair", "cosines", "anatomy"]),
        ("pages/9_Benchmark.py", ["graded-pairs"]),
    ],
)
def test_a_page_with_a_result_offers_a_script(app, page, names):
    if page != "app.py":
        app.switch_page(page).run()
    found = offered(healthy(app))
    assert list(found) == names
    for text in found.values():
        compile(text, "script", "exec")


def test_the_script_of_a_page_makes_what_the_page_shows(app, lab, run):
    app.session_state["kept_search_query"] = """it's "my" parcel \\"""
    app.session_state["kept_search_way"] = "keyword"
    app.session_state["kept_search_k"] = 4
    at = healthy(app.switch_page("pages/5_Search.py").run())
    made = run(offered(at)["search"])
    rows = [f"row {hit.row + 1:,}" for hit in made["result"].hits]
    assert rows and made["request"] == SearchRequest("keyword", k=4)
    assert [c.value.split(" · ")[-1] for c in at.caption if " · row " in c.value] == rows


def test_the_pages_of_work_that_is_done_offer_theirs(app, lab, run):
    corpus = sample.find(lab)
    lab.duplicates.find(corpus.corpus_id, "minilm")
    at = healthy(app.switch_page("pages/6_Duplicates.py").run())
    assert run(offered(at)["duplicates"])["threshold"] == lab.duplicates.usual_threshold
    queries = ["parcel", "card"]
    lab.search.batch(corpus.corpus_id, queries, SearchRequest("keyword"), "minilm")
    for name, value in {
        "way": "keyword",
        "asking": "Several queries",
        "many": "parcel\ncard",
    }.items():
        at.session_state[f"kept_search_{name}"] = value
    at = healthy(at.switch_page("pages/5_Search.py").run())
    assert run(offered(at)["searches"])["queries"] == queries


def test_a_training_run_that_has_ended_offers_its_script(app, lab, run):
    config = TrainConfig(batch_size=64, max_steps=1, evaluate_every=1)
    request = TrainRequest("tiny", "sts", config=config)
    lab.training.run(request)
    app.switch_page("pages/8_Train.py").run()
    assert offered(app) == {}
    app.query_params["run"] = request.run_id
    (text,) = offered(healthy(app.run())).values()
    assert text == scripts.training_script(request).strip()


@pytest.mark.parametrize(
    ("tab", "names"),
    [
        ("Other tasks", ["clusters"]),
        ("Cross-encoder race", ["race"]),
        ("Re-ranking", ["reranked", "depths"]),
        ("Speed", ["speed"]),
    ],
)
def test_a_tab_of_the_benchmark_offers_what_was_measured(app, lab, monkeypatch, tab, names):
    monkeypatch.setattr(race_desk, "RACE_SIZES", (5, 8))
    monkeypatch.setattr(race_desk, "SAMPLE_S", 0.02)
    corpus = sample.find(lab).corpus_id
    app.session_state["kept_race_cross"] = "judge"
    app.session_state["lab_encoder"] = "tiny"
    app.session_state["kept_benchmark_clusters_models"] = ["tiny"]
    if tab == "Other tasks":
        lab.leaderboard.measure(BenchmarkTask("clusters", (), corpus, "topic"), "tiny")
    elif tab == "Cross-encoder race":
        lab.race.race(corpus, "tiny", "judge")
    elif tab == "Re-ranking":
        lab.embed(corpus, "tiny")
        monkeypatch.setattr(race_desk, "DEPTHS", (0, 2))
        lab.race.depths(SearchFiles(), "tiny", "judge")
    else:
        lab.race.speed(corpus, "tiny", seconds=0.2)
    app.query_params["tab"] = tab
    at = healthy(app.switch_page("pages/9_Benchmark.py").run())
    assert list(offered(at)) == names


def test_every_script_is_offered_by_some_page():
    files = [ROOT / "app.py", *(ROOT / "pages").glob("*.py"), *(ROOT / "ui").glob("*.py")]
    source = "\n".join(path.read_text("utf-8") for path in files)
    called = set(re.findall(r"\b(\w+_script)\(", source))
    assert set(scripts.__all__) <= called
