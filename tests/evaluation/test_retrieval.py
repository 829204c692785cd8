"""Retrieval: nDCG, reciprocal rank and recall by hand and against scikit-learn."""

import math

import numpy as np
import pytest
from sklearn.metrics import ndcg_score

from sbert_core.errors import DataError
from sbert_core.evaluation.retrieval import (
    ndcg_at_k,
    query_scores,
    rank_rows,
    recall_at_k,
    reciprocal_rank_at_k,
    retrieval_scores,
)


def test_ndcg_by_hand_with_grades():
    # Gains 0 3 0 1 at places 1 to 4; the best order has 3 2 1.
    found, grades = ["x", "a", "y", "c"], {"a": 3, "b": 2, "c": 1, "y": 0}
    got = 3 / math.log2(3) + 1 / math.log2(5)
    best = 3 / math.log2(2) + 2 / math.log2(3) + 1 / math.log2(4)
    assert ndcg_at_k(found, grades) == pytest.approx(got / best, abs=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_ndcg_is_that_of_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    grades = rng.integers(0, 4, 30)
    grades[0] = 1
    scores = rng.permutation(30).astype(float)
    order = [str(place) for place in np.argsort(-scores)]
    named = {str(place): int(grade) for place, grade in enumerate(grades)}
    expected = ndcg_score(grades[None], scores[None], k=10)
    assert ndcg_at_k(order, named) == pytest.approx(expected, abs=1e-6)


def test_more_relevant_documents_than_places_can_still_be_perfect():
    grades = {str(place): 1 for place in range(30)}
    found = [str(place) for place in range(10)]
    assert ndcg_at_k(found, grades) == pytest.approx(1)
    assert recall_at_k(found, grades) == pytest.approx(1 / 3)


def test_a_grade_below_zero_is_no_loss_and_no_judgement_no_gain():
    assert ndcg_at_k(["bad", "new", "good"], {"good": 1, "bad": -1}) == pytest.approx(0.5)
    assert recall_at_k(["bad"], {"good": 1, "bad": -1}) == 0
    assert reciprocal_rank_at_k(["bad", "good"], {"good": 1, "bad": 0}) == 0.5


def test_the_first_ten_places_count_and_the_eleventh_does_not():
    found = [f"x{place}" for place in range(9)] + ["hit", "late"]
    assert reciprocal_rank_at_k(found, {"hit": 2, "late": 1}) == pytest.approx(0.1)
    assert reciprocal_rank_at_k(found, {"late": 1}) == 0
    assert ndcg_at_k(found, {"late": 1}) == 0
    assert recall_at_k(found, {"late": 1}) == 1


def test_recall_looks_at_a_hundred():
    found = [str(place) for place in range(150)]
    assert recall_at_k(found, {"99": 1, "100": 1, "999": 1}) == pytest.approx(1 / 3)


def test_means_are_over_queries_that_have_something_to_find():
    qrels = {"q1": {"a": 1}, "q2": {"b": 1}, "empty": {"a": 0}, "lost": {"c": 1}}
    scores = retrieval_scores({"q1": ["a"], "q2": ["x", "b"], "empty": ["a"]}, qrels)
    assert (scores.queries, scores.skipped) == (3, 1)
    assert scores.mrr_at_10 == pytest.approx((1 + 0.5 + 0) / 3)
    assert scores.recall_at_100 == pytest.approx(2 / 3)
    assert scores.ndcg_at_10 == pytest.approx((1 + 1 / math.log2(3) + 0) / 3)
    assert [score.query_id for score in query_scores({}, qrels)] == ["q1", "q2", "lost"]


def test_nothing_relevant_and_a_document_twice_are_refused():
    with pytest.raises(DataError, match="No query has a document judged relevant"):
        retrieval_scores({"q": ["a"]}, {"q": {"a": 0}})
    with pytest.raises(DataError, match="'q' has a document twice"):
        retrieval_scores({"q": ["a", "a"]}, {"q": {"a": 1}})


def test_ranking_is_by_cosine_and_equal_documents_keep_their_order():
    documents = np.array([[0, 0], [5, 0], [1, 0], [1, 1], [-1, 0]], dtype=np.float32)
    queries = np.array([[2, 0], [0, 1]], dtype=np.float32)
    assert rank_rows(queries, documents).tolist() == [[1, 2, 3, 0, 4], [3, 0, 1, 2, 4]]
    assert rank_rows(queries, documents, k=2).tolist() == [[1, 2], [3, 0]]


def test_ranking_in_blocks_is_ranking(monkeypatch):
    rng = np.random.default_rng(0)
    queries, documents = rng.normal(size=(7, 4)), rng.normal(size=(20, 4))
    queries, documents = queries.astype(np.float32), documents.astype(np.float32)
    whole = rank_rows(queries, documents)
    monkeypatch.setattr("sbert_core.evaluation.retrieval._BLOCK_NUMBERS", 40)
    assert (rank_rows(queries, documents) == whole).all()


def test_vectors_that_do_not_fit_are_refused():
    with pytest.raises(DataError, match="do not fit"):
        rank_rows(np.ones((1, 2), np.float32), np.ones((1, 3), np.float32))
    with pytest.raises(DataError, match="no document"):
        rank_rows(np.ones((1, 2), np.float32), np.ones((0, 2), np.float32))
