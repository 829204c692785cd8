"""`compare`: promised fields, its table, and what it says to a person or about a mistake."""

import csv
import json
from pathlib import Path

import pytest

from sbert_core import cli

SAMPLE = Path(__file__).resolve().parents[1] / "data" / "samples" / "messages.csv"
MODELS = ("--model", "bert-mini:cls", "--model", "sbert-mini")


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Forty-eight rows of the sample: four of each topic."""
    with SAMPLE.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))[::15]
    path = tmp_path_factory.mktemp("compare") / "small.csv"
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, ["text", "topic"], extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture
def run(capsys, tmp_path_factory, small):
    """Run in a workspace that all these tests share, so that work is done once."""
    workspace = small.parent / "workspace"

    def call(*words, status=0, as_json=True):
        words = [*map(str, words), "--workspace", str(workspace)]
        assert cli.main([*words, "--json"] if as_json else words) == status
        out, err = capsys.readouterr()
        if status:
            return err
        return json.loads(out) if as_json else out

    return call


def test_the_promised_fields_and_the_argument_of_the_paper(run, small):
    found = run("compare", small, *MODELS, "--label-column", "topic")
    assert [figures["model"] for figures in found["encoders"]] == ["bert-mini:cls", "sbert-mini"]
    plain, tuned = found["encoders"]
    for name in ("knn_label_accuracy", "v_measure", "ari"):
        assert plain[name] < tuned[name]
    assert plain["random_pair_cosine"] > 0.8 > 0.4 > tuned["random_pair_cosine"]
    assert 1 < plain["effective_rank"] < tuned["effective_rank"] <= 47
    fields = {"random_pair_spread", "silhouette", "sentences_per_second", "parameters"}
    assert fields | {"disk_bytes", "dims", "redrawn_overlap"} <= set(plain)
    (pair,) = found["agreement"]
    assert (pair["a"], pair["b"]) == ("bert-mini:cls", "sbert-mini")
    assert 0 <= pair["map_overlap"] < found["redrawn_overlap"] <= 1
    assert 0 < pair["knn_overlap"] < 0.9
    assert 0 < pair["cka"] < 1
    assert -1 < pair["rank_correlation"] < 1
    assert len(pair["changed"]) == 20
    assert (found["rows"], found["k"], found["label_column"]) == (48, 12, "topic")


def test_the_table_has_the_users_columns_with_maps_and_groups(run, small, tmp_path):
    out = tmp_path / "compared.csv"
    run("compare", small, *MODELS, "--label-column", "topic", "--out", out)
    with out.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) == 48
    names = {"text", "topic", "x (sbert-mini)", "y (bert-mini:cls)", "group (sbert-mini)"}
    assert names | {"shared_neighbours"} <= set(rows[0])
    assert all(0 <= float(row["shared_neighbours"]) <= 1 for row in rows)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--model", "minilm"], "at least one more encoder"),
        (["--model", "minilm", "--model", "minilm:mean"], "are the same encoder"),
        (["--model", "minilm", "--model", "nowhere"], "nowhere"),
        ([*MODELS, "--label-column", "nope"], "nope"),
        ([*MODELS, "--k", "1"], "k=1"),
        ([*MODELS, "--out", "x.html"], ".csv"),
    ],
)
def test_a_mistake_is_one_sentence_and_status_one(run, small, words, sentence):
    error = run("compare", small, *words, status=1)
    assert sentence in error.splitlines()[-1]
    assert "Traceback" not in error


def test_a_file_of_one_row_is_one_sentence(run, tmp_path):
    path = tmp_path / "one.csv"
    path.write_text("text\nonly one sentence here\n", encoding="utf-8")
    assert "at least 3 different sentences" in run("compare", path, *MODELS, status=1)


def test_a_person_reads_tables_and_sentences(run, small):
    from sbert_core.cli_compare import compare_text

    found = run("compare", small, *MODELS, "--label-column", "topic")
    said = compare_text(found)
    assert "nearest neighbours for its label in “topic”" in said
    assert "knn_label_accuracy" in said
    assert said.splitlines()[0].split()[0] == "model"
    assert "disk_bytes" not in said
