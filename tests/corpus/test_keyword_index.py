"""BM25 by hand, and queries that look like syntax or are in another script."""

import math

import numpy as np
import pytest

from sbert_core.corpus.keyword_index import KeywordIndex
from sbert_core.errors import Cancelled, WorkspaceError

TEXTS = [
    "cat dog bird",
    "cat cat dog fish horse",
    "dog cow",
    "horse fish bird cow sheep goat",
    "我的银行卡丢了",
    "где моя карта",
    "café crème",
]


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    built = KeywordIndex(tmp_path_factory.mktemp("index") / "keyword")
    built.build(TEXTS)
    return built


def bm25(query, documents, k1=1.2, b=0.75):
    """Robertson and Zaragoza 2009, equation 3.15, with the idf of Lucene."""
    words = [document.split() for document in documents]
    mean = sum(map(len, words)) / len(words)
    scores = []
    for document in words:
        score = 0.0
        for term in query.split():
            holders = sum(term in other for other in words)
            idf = math.log(1 + (len(words) - holders + 0.5) / (holders + 0.5))
            tf = document.count(term)
            score += idf * tf * (k1 + 1) / (tf + k1 * (1 - b + b * len(document) / mean))
        scores.append(score)
    return np.array(scores)


def test_scores_are_bm25(tmp_path):
    index, texts = KeywordIndex(tmp_path / "keyword"), TEXTS[:4]
    index.build(texts)
    for query in ("cat", "cat fish", "bird dog sheep"):
        rows, scores = index.search(query, 10)
        expected = bm25(query, texts)
        order = np.argsort(-expected, kind="stable")
        assert rows.tolist() == [row for row in order if expected[row] > 0]
        np.testing.assert_allclose(scores, expected[rows], rtol=1e-4)


@pytest.mark.parametrize(
    "query",
    ['"cat', "cat)", "cat AND", "NOT cat", "text:cat", "cat~2^9", "cat*", "-cat", "cat' OR 1=1 --"],
)
def test_signs_and_operators_are_no_syntax(index, query):
    assert index.search(query, 10)[0].tolist()[:2] == [1, 0]


@pytest.mark.parametrize("query", ["", "  ", "***", '"', "the of and", "zebra", "\x00", "🦓"])
def test_a_query_without_a_known_word_finds_nothing(index, query):
    rows, scores = index.search(query, 10)
    assert rows.size == scores.size == 0


@pytest.mark.parametrize(
    ("query", "row"), [("银行卡", 4), ("КАРТА", 5), ("cafe creme", 6), ("cats", 1), ("birds", 0)]
)
def test_other_scripts_accents_capitals_and_endings(index, query, row):
    assert index.search(query, 1)[0].tolist() == [row]


def test_an_endless_query_is_answered(index):
    assert index.search("cat " * 50_000, 2)[0].tolist() == [1, 0]


def test_a_filter_holds_and_k_is_kept_to(index):
    allowed = np.arange(len(TEXTS)) != 1
    assert index.search("cat dog", 10, allowed)[0].tolist() == [0, 2]
    assert index.search("cat dog", 1, allowed)[0].tolist() == [0]
    assert index.search("cat", 99)[0].tolist() == [1, 0]


def test_rows_of_equal_score_come_in_row_order_however_many(tmp_path):
    index = KeywordIndex(tmp_path / "keyword")
    index.build(["equal words"] * 200)
    assert index.search("equal", 5)[0].tolist() == [0, 1, 2, 3, 4]


def test_a_cancelled_build_leaves_nothing(tmp_path):
    index = KeywordIndex(tmp_path / "keyword")

    def cancel(done, total, message=""):
        if done:
            raise Cancelled("stop")

    with pytest.raises(Cancelled):
        index.build(TEXTS, cancel)
    assert not index.exists()
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_index_is_removed_with_a_sentence(tmp_path):
    index = KeywordIndex(tmp_path / "keyword")
    index.build(TEXTS)
    for path in (tmp_path / "keyword").rglob("*.manifest"):
        path.write_bytes(b"nonsense")
    with pytest.raises(WorkspaceError, match="built anew"):
        KeywordIndex(tmp_path / "keyword").search("cat", 1)
    assert not index.exists()
