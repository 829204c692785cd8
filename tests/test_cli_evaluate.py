"""The command `evaluate`: promised fields of every kind, and one sentence for what does not fit."""

import json

import pytest

from sbert_core.cli import main
from sbert_core.cli_evaluate import evaluation_text
from sbert_core.sample import MESSAGES, PAIRS

MODELS = ("--model", "bert-mini", "--model", "bert-mini:cls")


@pytest.fixture
def run(capsys):
    def call(*words, status=0):
        assert main(["evaluate", *map(str, words), "--json"]) == status
        out, err = capsys.readouterr()
        return json.loads(out) if status == 0 else err

    return call


@pytest.fixture
def write(tmp_path):
    def call(name, *rows):
        path = tmp_path / name
        lines = ("\t".join(map(str, row)) for row in rows)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return call


@pytest.fixture
def nli(write):
    """An NLI file of eight premises, which is also one of pairs and of triplets."""
    rows = [("premise", "hypothesis", "label")]
    for animal in ("dog", "cat", "cow", "horse", "bird", "fish", "snake", "goat"):
        rows.append((f"A {animal} runs in the field.", f"The {animal} is outside.", "entailment"))
        rows.append((f"A {animal} runs in the field.", "Everybody is asleep.", "contradiction"))
    return write("nli.tsv", *rows)


def test_sts_with_several_encoders(run):
    answer = run("sts", PAIRS, *MODELS)
    assert [row["model"] for row in answer["results"]] == ["bert-mini", "bert-mini:cls"]
    promised = {"pairs", "spearman_cosine", "pearson_cosine", "spearman_euclidean", "ci95"}
    for row in answer["results"]:
        assert promised <= set(row)
        assert row["pairs"] == 450
        assert row["ci95"][0] < row["spearman_cosine"] < row["ci95"][1]
        assert row["contamination"]["pair_share"] == 0
    assert answer["results"][0]["spearman_cosine"] > answer["results"][1]["spearman_cosine"]
    assert len(answer["notes"]) == 2


def test_pairs_nli_and_triplet(run, nli):
    pairs = run("pairs", nli, "--model", "bert-mini")["results"][0]
    assert {"model", "pairs", "ap", "best_f1", "threshold"} <= set(pairs)
    assert pairs["pairs"] == 16
    inferred = run("nli", nli, "--model", "bert-mini")["results"][0]
    assert (inferred["pairs"], inferred["premises"], inferred["folds"]) == (16, 8, 5)
    assert inferred["accuracy"] > inferred["majority"] == 0.5
    triplet = run("triplet", nli, "--model", "bert-mini")["results"][0]
    assert (triplet["triplets"], triplet["accuracy_cosine"]) == (8, 1)


def test_retrieval(run, write):
    docs = write("d.tsv", ("doc_id", "text"), (1, "A dog runs in the field."), (2, "Tax is due."))
    queries = write("q.tsv", ("query_id", "text"), (1, "The dog is running in a field."))
    qrels = write("r.tsv", ("query_id", "doc_id", "relevance"), (1, 1, 1))
    answer = run("retrieval", docs, queries, qrels, "--model", "bert-mini")
    row = answer["results"][0]
    assert (row["model"], row["mode"]) == ("bert-mini", "semantic")
    assert (row["ndcg_at_10"], row["mrr_at_10"], row["recall_at_100"]) == (1, 1, 1)
    unknown = write("u.tsv", ("query_id", "doc_id", "relevance"), (1, "x9", 1))
    error = run("retrieval", docs, queries, unknown, "--model", "bert-mini", status=1)
    assert "'x9'" in error


def test_clusters_of_the_sample(run, tmp_path):
    lines = MESSAGES.read_text(encoding="utf-8").splitlines()
    small = tmp_path / "small.csv"
    small.write_text("\n".join([lines[0], *lines[1::8]]) + "\n", encoding="utf-8")
    words = ("clusters", small, "--text-column", "text", "--model", "bert-mini")
    row = run(*words, "--label-column", "topic")["results"][0]
    assert row["k"] == row["labels"]
    assert 0 < row["v_measure"] <= 1
    assert row["ari"] <= 1
    assert 0 < row["knn_accuracy"] <= 1
    assert "nope" in run(*words, "--label-column", "nope", status=1)


@pytest.mark.parametrize(
    ("kind", "rows", "sentence"),
    [
        ("sts", [("sentence1", "sentence2", "score")], "begins like this"),
        ("sts", [("sentence1", "sentence2", "score"), ("a b", "c d", "x")], "not a number"),
        ("sts", [("sentence1", "sentence2", "score"), *[("a b", "c d", 1)] * 3], "are the same"),
        ("pairs", [("text1", "text2", "label"), ("a b", "c d", 1)], "same label"),
        ("nli", [("one", "two"), ("a b", "c d")], "begins like this"),
        ("triplet", [("anchor", "positive"), ("a b", "c d")], "begins like this"),
    ],
)
def test_what_does_not_fit_is_one_sentence(run, write, kind, rows, sentence):
    error = run(kind, write("f.tsv", *rows), "--model", "bert-mini", status=1)
    assert sentence in error
    assert "Traceback" not in error
    assert len(error.splitlines()) <= 3  # a sentence, and two lines of a file that fits


def test_an_unknown_encoder_is_refused_before_another_is_measured(run, capsys):
    error = run("sts", PAIRS, "--model", "bert-mini", "--model", "bert-minni", status=1)
    assert "bert-minni" in error
    assert "embedding" not in error
    assert "no.tsv" in run("sts", "no.tsv", status=1)


def test_the_text_is_a_table_with_a_sentence_on_how_to_read_it():
    row = {"model": "m", "mode": "semantic", "rerank": None, "queries": 3, "ndcg_at_10": 0.5}
    row |= {"mrr_at_10": 0.0, "recall_at_100": 1.0}
    text = evaluation_text({"kind": "retrieval", "results": [row], "notes": ["Two left out."]})
    head, line = text.splitlines()[:2]
    assert head.split() == ["model", "mode", "queries", "ndcg_at_10", "mrr_at_10", "recall_at_100"]
    assert line.split() == ["m", "semantic", "3", "0.5000", "0.0000", "1.0000"]
    assert text.endswith("Note: Two left out.")
