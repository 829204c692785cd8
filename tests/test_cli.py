"""The command line: promised fields, exit status, and nothing but JSON on stdout."""

import csv
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sbert_core.cli import main

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "data" / "samples" / "messages.csv"
PAIRS = ROOT / "data" / "samples" / "pairs.csv"


@pytest.fixture
def run(capsys):
    def call(*words, status=0):
        assert main([*map(str, words), "--json"]) == status
        out, err = capsys.readouterr()
        return json.loads(out) if status == 0 else err

    return call


@pytest.fixture
def small(tmp_path):
    """Sixty rows of the sample: five of each topic."""
    with SAMPLE.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))[::12][:60]
    path = tmp_path / "small.csv"
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, ["text", "topic"], extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_help_answers_at_once_and_loads_nothing_heavy():
    started = time.perf_counter()
    found = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "sbert_core", "--help"],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert found.returncode == 0
    assert "cluster" in found.stdout
    # Generous, because benchmarks/start.py measures; here only something very wrong should fail.
    assert time.perf_counter() - started < 5
    assert not {"torch", "pandas", "transformers"} & {
        line.rsplit("|")[-1].strip() for line in found.stderr.splitlines()
    }


def test_models_lists_the_promised_fields(run):
    models = run("models")["models"]
    fields = {"id", "kind", "dims", "layers", "parameters", "pooling", "source", "available"}
    assert all(fields | {"licence"} <= set(model) for model in models)
    minilm = next(model for model in models if model["id"] == "minilm")
    assert (minilm["dims"], minilm["layers"], minilm["pooling"]) == (384, 6, "mean")


def test_inspect_reports_a_file(run):
    report = run("inspect", SAMPLE)
    assert (report["rows"], report["text_column"], report["delimiter"]) == (720, "text", ",")
    assert report["text_column_confidence"] > 0.8


def test_similarity_scores_under_each_model(run):
    pairs = run(
        "similarity", "A cat sat.", "A cat sat.", "--model", "minilm", "--model", "minilm:cls"
    )
    assert [pair["model"] for pair in pairs["pairs"]] == ["minilm", "minilm:cls"]
    for pair in pairs["pairs"]:
        assert pair["cosine"] == pytest.approx(1, abs=1e-3)
        assert pair["euclidean"] == pytest.approx(0, abs=1e-2)


def test_embed_then_embed_again_is_cached(run, small, tmp_path):
    out = tmp_path / "v.parquet"
    first = run("embed", small, "--out", out)
    assert (first["rows"], first["dims"], first["cached"]) == (60, 384, False)
    assert run("embed", small)["cached"] is True
    import pandas as pd

    table = pd.read_parquet(out)
    assert len(table) == 60
    assert len(table["embedding"][0]) == 384


def test_cluster_names_groups_and_compares_with_labels(run, small, tmp_path):
    out = tmp_path / "c.csv"
    found = run("cluster", small, "--k", 12, "--label-column", "topic", "--out", out)
    assert found["k"] == len(found["clusters"]) == 12
    assert sum(cluster["size"] for cluster in found["clusters"]) == 60
    assert len({cluster["name"] for cluster in found["clusters"]}) == 12
    assert found["v_measure"] > 0.5
    again = run("cluster", small, "--k", 12)
    assert again["clusters"] == found["clusters"]
    with out.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert {row["cluster_name"] for row in rows} == {c["name"] for c in found["clusters"]}


@pytest.mark.parametrize("method", ["pca", "umap"])
def test_map_measures_its_trust(run, small, method):
    found = run("map", small, "--method", method)
    assert (found["rows"], found["method"]) == (60, method)
    assert 0.5 < found["trustworthiness"] <= 1
    assert 0 <= found["knn_overlap"] <= 1


def test_map_as_a_page_of_its_own(run, small, tmp_path):
    out = tmp_path / "map.html"
    run("map", small, "--method", "pca", "--out", out)
    page = out.read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert "http-equiv" in page


def test_evaluate_sts_on_the_bundled_pairs(run):
    result = run("evaluate", "sts", PAIRS)["results"][0]
    assert result["pairs"] == 450
    assert 60 < result["spearman_cosine"] < 100
    low, high = result["ci95"]
    assert low < result["spearman_cosine"] < high


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["inspect", "no-such-file.csv"], "no-such-file.csv"),
        (["embed", SAMPLE, "--model", "minilmm"], "minilm"),
        (["embed", SAMPLE, "--model", "bert-base"], "folder"),
        (["embed", SAMPLE, "--text-column", "nope"], "nope"),
        (["cluster", SAMPLE, "--k", "1000"], "1000"),
        (["map", SAMPLE, "--out", "x.png"], ".html"),
        (["map", SAMPLE, "--out", "no/such/folder/x.csv"], "folder"),
        (["similarity", " ", "b"], "blank"),
        (["cluster", SAMPLE, "--k", "12", "--label-column", "nope"], "nope"),
    ],
)
def test_a_mistake_is_one_sentence_and_status_one(run, words, sentence):
    error = run(*words, status=1)
    assert sentence in error
    assert "Traceback" not in error


@pytest.mark.parametrize(
    "words",
    [[], ["fly"], ["cluster"], ["cluster", "x.csv", "--k", "many"], ["map", "x", "--dims", "4"]],
)
def test_bad_usage_is_status_two(words):
    with pytest.raises(SystemExit) as stop:
        main(words)
    assert stop.value.code == 2


def test_a_workspace_can_be_named_and_holds_the_result(run, small, tmp_path):
    run("embed", small, "--workspace", tmp_path / "elsewhere")
    assert run("embed", small, "--workspace", tmp_path / "elsewhere")["cached"] is True
    assert run("embed", small)["cached"] is False


def test_without_json_a_person_reads_plain_lines(capsys, small):
    assert main(["cluster", str(small), "--k", "3"]) == 0
    assert "60 rows in 3 groups" in capsys.readouterr().out
