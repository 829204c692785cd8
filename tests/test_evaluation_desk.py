"""The evaluation desk: each figure once, found by content, and said where it comes from."""

import json
import zlib

import numpy as np
import pytest

from sbert_core import sample
from sbert_core.errors import DataError, FileError, ModelError
from sbert_core.evaluation.sts import read_scored_pairs, spearman
from sbert_core.lab import Lab


class WordEncoder:
    """A vector per text: the sum of a fixed random vector per word."""

    def __init__(self):
        self.calls = 0

    def encode(self, texts, progress=None):
        self.calls += 1
        return np.stack([self._vector(text) for text in texts]).astype(np.float32)

    @staticmethod
    def _vector(text):
        seeds = [zlib.crc32(word.encode()) for word in text.lower().rstrip(".").split()]
        return sum((np.random.default_rng(seed).normal(size=16) for seed in seeds), np.zeros(16))


@pytest.fixture
def words():
    return WordEncoder()


@pytest.fixture
def lab(monkeypatch, words):
    lab = Lab()
    monkeypatch.setattr(lab, "encoder", lambda model: words)
    return lab


def table(path, *rows):
    path.write_text("\n".join("\t".join(map(str, row)) for row in rows) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def graded(tmp_path):
    rows = [("one two three", "one two three", 5), ("one two three", "one two nine", 3)]
    rows += [("one two three", "one eight nine", 2), ("one two three", "seven eight nine", 0)]
    return table(tmp_path / "g.tsv", ("sentence1", "sentence2", "score"), *rows)


def test_a_figure_is_computed_once_for_a_content_and_an_encoder(lab, words, graded, tmp_path):
    assert lab.evaluation.stored_sts(graded, "bert-mini") is None
    first = lab.evaluation.sts(graded, "bert-mini")
    assert words.calls == 1
    copy = tmp_path / "copy.tsv"
    copy.write_bytes(graded.read_bytes())
    assert (
        lab.evaluation.sts(copy, "bert-mini:mean")
        == first
        == Lab().evaluation.stored_sts(copy, "bert-mini")
    )
    assert isinstance(first.ci95, tuple)
    assert words.calls == 1
    lab.evaluation.sts(graded, "bert-mini:cls")
    graded.write_text(graded.read_text() + "a b\tc d\t1\n")
    assert lab.evaluation.sts(graded, "bert-mini").pairs == 5
    assert words.calls == 3


def test_a_broken_store_is_a_miss(lab, words, graded):
    first = lab.evaluation.sts(graded, "bert-mini")
    for path in lab.evaluation.folder.glob("*.json"):
        path.write_text("{")
    assert lab.evaluation.sts(graded, "bert-mini") == first
    assert words.calls == 2


def test_the_run_record_can_repeat_it(lab, graded):
    lab.evaluation.sts(graded, "bert-mini")
    (path,) = lab.evaluation.folder.glob("*.json")
    stored = json.loads(path.read_text())
    assert (stored["kind"], stored["encoder"], stored["files"]) == ("sts", "bert-mini", ["g.tsv"])
    assert stored["encoder_key"] == lab.resolve("bert-mini").key
    assert "numpy" in stored["versions"]


def test_details_hold_every_pair_and_know_the_worst(lab, words, graded):
    details = lab.evaluation.sts_details(graded, "bert-mini")
    assert details.gold.tolist() == [5, 3, 2, 0]
    assert details.cosines[0] == pytest.approx(1)
    assert 100 * spearman(details.gold, details.cosines) == pytest.approx(
        details.scores.spearman_cosine
    )
    assert details.sentences2[3] == "seven eight nine"
    assert words.calls == 1


def test_the_worst_pair_is_the_one_ranked_most_wrongly(lab, tmp_path):
    rows = [("a b c", "a b c", 0), ("d e f", "d e f g", 4), ("h i j", "h i x y", 3)]
    rows += [("k l m", "q r s t", 1)]
    path = table(tmp_path / "w.tsv", ("sentence1", "sentence2", "score"), *rows)
    details = lab.evaluation.sts_details(path, "bert-mini")
    assert details.worst(1) == [0]
    assert details.rank_gaps[0] == pytest.approx(3 / 4)  # first of four where people say last
    assert details.rank_gaps.sum() == pytest.approx(0)


def test_pairs_triplets_and_inference_from_one_file(lab, tmp_path):
    rows = [("premise", "hypothesis", "label")]
    for number in range(12):
        start = f"x{number} y{number} z{number}"
        rows += [(start, f"{start} w{number}", "entailment")]
        rows += [(start, f"p{number} q{number}", "contradiction")]
    path = table(tmp_path / "nli.tsv", *rows)
    pairs = lab.evaluation.pairs(path, "bert-mini")
    assert (pairs.ap, pairs.best_f1, pairs.positives) == (pytest.approx(1), pytest.approx(1), 12)
    triplet = lab.evaluation.triplet(path, "bert-mini")
    assert (triplet.triplets, triplet.accuracy_cosine) == (12, 1)
    found = lab.evaluation.nli(path, "bert-mini")
    assert (found.pairs, found.premises) == (24, 12)
    assert lab.evaluation.nli(path, "bert-mini") == found  # tuples come back as tuples


def test_a_missing_file_is_refused_before_an_encoder_is_loaded(lab, words, tmp_path):
    with pytest.raises(FileError, match="There is no file"):
        lab.evaluation.sts(tmp_path / "no.tsv", "bert-mini")
    assert lab.evaluation.stored_sts(tmp_path / "no.tsv", "bert-mini") is None


def test_gold_without_order_is_a_sentence_and_leaves_nothing_behind(lab, tmp_path):
    rows = [("a b", "c d", 2), ("e f", "g h", 2), ("i j", "k l", 2)]
    path = table(tmp_path / "same.tsv", ("sentence1", "sentence2", "score"), *rows)
    with pytest.raises(DataError, match="All gold scores are the same"):
        lab.evaluation.sts(path, "bert-mini")
    assert not list(lab.evaluation.folder.glob("*.json"))


# --- retrieval --------------------------------------------------------------------------------


@pytest.fixture
def files(tmp_path):
    documents = [("doc_id", "text"), ("a", "red wine"), ("b", "blue sea"), ("c", "green hills")]
    queries = [("query_id", "text"), ("1", "wine red"), ("2", "deep blue sea")]
    qrels = [("query_id", "doc_id", "relevance"), ("1", "a", 1), ("2", "c", 1)]
    return (
        table(tmp_path / "d.tsv", *documents),
        table(tmp_path / "q.tsv", *queries),
        table(tmp_path / "r.tsv", *qrels),
    )


def test_a_search_by_meaning_is_measured(lab, words, files):
    scores = lab.evaluation.retrieval(files, "bert-mini")
    assert (scores.queries, scores.recall_at_100) == (2, 1)
    assert scores.mrr_at_10 in (pytest.approx((1 + 1 / 2) / 2), pytest.approx((1 + 1 / 3) / 2))
    lab.evaluation.retrieval(files, "bert-mini")
    assert words.calls == 1


def test_another_way_to_search_is_put_in_and_measured_alike(lab, words, files):
    with pytest.raises(DataError, match="should be one of semantic"):
        lab.evaluation.retrieval(files, "bert-mini", "reversed")

    def backwards(documents, queries, model, k, progress=None):
        return [list(range(len(documents)))[::-1][:k] for _ in queries]

    lab.evaluation.rankers["reversed"] = backwards
    scores = lab.evaluation.retrieval(files, "bert-mini", "reversed")
    assert scores.mrr_at_10 == pytest.approx((1 / 3 + 1) / 2)
    assert words.calls == 0


def test_a_cross_encoder_puts_the_list_into_its_order(lab, files, monkeypatch):
    class Judge:
        calls = 0

        def predict(self, pairs, progress=None):
            Judge.calls += 1
            wanted = {("wine red", "red wine"), ("deep blue sea", "green hills")}
            return np.array([float(pair in wanted) for pair in pairs], dtype=np.float32)

    monkeypatch.setattr(lab, "cross_encoder", lambda name: Judge())
    monkeypatch.setattr("sbert_core.evaluation_desk.cross_weights", lambda name, root: [name])
    plain = lab.evaluation.retrieval(files, "bert-mini")
    for _ in range(2):
        scores = lab.evaluation.retrieval(files, "bert-mini", rerank="judge")
        assert scores.ndcg_at_10 == 1 > plain.ndcg_at_10
    assert Judge.calls == 1
    lab.evaluation.retrieval(files, "bert-mini", rerank="another judge")
    assert Judge.calls == 2


def test_a_cross_encoder_that_is_not_there_is_refused(lab, files):
    with pytest.raises(ModelError, match="no-such-cross"):
        lab.evaluation.retrieval(files, "bert-mini", rerank="no-such-cross")


# --- labels -----------------------------------------------------------------------------------


def test_labels_of_a_corpus_against_groups(lab, tmp_path, monkeypatch):
    rows = ["text,topic"]
    rows += [f"wine red white number{n},drink" for n in range(10)]
    rows += [f"sea sand sun place{n},beach" for n in range(10)]
    path = tmp_path / "c.csv"
    path.write_text("\n".join([*rows, "wine sea nothing,"]) + "\n")
    corpus = lab.open_file(path, text_column="text", label_column="topic")
    monkeypatch.setattr(
        lab, "vectors", lambda corpus_id, *_: WordEncoder().encode(lab.texts(corpus_id))
    )
    scores = lab.evaluation.clusters(corpus.corpus_id, "topic", "bert-mini")
    assert (scores.rows, scores.labels, scores.k) == (20, 2, 2)
    assert (scores.v_measure, scores.ari) == (pytest.approx(1), pytest.approx(1))
    assert scores.knn_accuracy >= 0.9
    with pytest.raises(DataError, match="no column 'nope'; it has text, topic"):
        lab.evaluation.clusters(corpus.corpus_id, "nope", "bert-mini")
    with pytest.raises(DataError, match="names rows rather than groups"):
        lab.evaluation.clusters(corpus.corpus_id, "text", "bert-mini")


# --- uploads and contamination -------------------------------------------------------------------


def test_an_upload_is_kept_under_its_content_and_a_tame_name(lab, graded):
    path = lab.evaluation.keep_file("../../.g.tsv", graded.read_bytes())
    assert path.name == "g.tsv"
    assert path.parent.parent == lab.evaluation.folder / "files"
    assert lab.evaluation.keep_file("g.tsv", graded.read_bytes()) == path
    assert lab.evaluation.sts(path, "bert-mini").pairs == 4


def test_the_bundled_pairs_are_measured_as_the_pure_function_says(lab):
    pairs = read_scored_pairs(sample.PAIRS)
    scores = lab.evaluation.sts(sample.PAIRS, "bert-mini")
    encoder = WordEncoder()
    u, v = encoder.encode(pairs.sentences1), encoder.encode(pairs.sentences2)
    cosine = (u * v).sum(1) / np.linalg.norm(u, axis=1) / np.linalg.norm(v, axis=1)
    assert scores.spearman_cosine == pytest.approx(100 * spearman(pairs.scores, cosine), abs=1e-3)
