"""Re-ranking: orders by hand, a judge that knows the answers, and judgements that do not fit."""

import math

import numpy as np
import pytest

from sbert_core.errors import DataError
from sbert_core.evaluation.rerank import (
    DepthScore,
    JudgedSearch,
    RerankCurve,
    evenly,
    ranks_of,
    reordered,
    rerank_depths,
)

# The bi-encoder below sees only the first letter, so it puts document 0 first for every query.
DOCUMENTS = {f"d{i}": f"a{i}" for i in range(12)}
QRELS = {"q1": {"d4": 1}, "q2": {"d11": 1}}
QUERIES = {"q1": "a4", "q2": "a11"}


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


class FirstLetter:
    """Every document is as near as every other: their order stays that of the file."""

    def __init__(self, clock):
        self.clock = clock

    def encode(self, texts, progress=None):
        self.clock.now += 0.010 if len(texts) == 1 else 100
        return np.ones((len(texts), 2), np.float32)


def knowing(clock, calls):
    def judge(pairs, progress):
        clock.now += 0.001 * len(pairs)
        calls.append(len(pairs))
        return np.array([first == second for first, second in pairs], np.float32)

    return judge


def measure(depths, **more):
    clock, calls = Clock(), []
    search = JudgedSearch.of(DOCUMENTS, QUERIES, QRELS)
    encoder, judge = FirstLetter(clock), knowing(clock, calls)
    return rerank_depths(search, encoder, judge, depths=depths, clock=clock, **more), calls


def test_ranks_start_at_one_and_ties_keep_their_order():
    assert ranks_of(np.array([0.2, 0.9, 0.2, 0.5])).tolist() == [3, 1, 4, 2]


def test_only_the_candidates_move():
    scores = np.array([0.1, 0.5, 0.3, 0.9])
    assert reordered([7, 8, 9, 6], scores, 3) == [8, 9, 7, 6]
    assert reordered([7, 8, 9, 6], np.empty(0), 0) == [7, 8, 9, 6]


def test_quality_and_time_by_hand():
    scores, calls = measure((0, 5, 12))
    # d4 stands fifth, d11 twelfth: alone, and then as far as the judge gets to see them.
    fifth = 1 / math.log2(6)
    assert [score.depth for score in scores] == [0, 5, 12]
    assert [score.ndcg_at_10 for score in scores] == pytest.approx([fifth / 2, 0.5, 1.0])
    assert [score.milliseconds for score in scores] == pytest.approx([10, 15, 22])
    assert calls == [1, 5, 7, 5, 7]  # one to warm up; a deeper level reads only what is new


def test_depths_end_at_the_number_of_documents():
    assert [score.depth for score in measure((0, 10, 100, 500))[0]] == [0, 10, 12]


def test_fewer_queries_are_taken_evenly():
    assert evenly(list("abcdefg"), 3) == ["a", "d", "g"]
    assert evenly(list("ab"), None) == evenly(list("ab"), 9) == ["a", "b"]
    scores, _ = measure((0,), most_queries=1)
    assert scores[0].ndcg_at_10 == pytest.approx(1 / math.log2(6))


def test_judgements_of_unknown_documents_do_not_count():
    qrels = {"q1": {"d4": 1, "gone": 2}, "q2": {"gone": 1}, "nobody": {"d1": 1}, "q3": {"d1": 0}}
    search = JudgedSearch.of(DOCUMENTS, QUERIES | {"q3": "x"}, qrels)
    assert search.qrels == {"q1": {"d4": 1}}
    assert list(search.queries) == ["q1"]
    assert search.note.endswith("document: 3.")


@pytest.mark.parametrize("qrels", [{}, {"q1": {"gone": 1}}, {"q1": {"d1": 0}}])
def test_without_a_judgement_that_fits_it_says_so(qrels):
    with pytest.raises(DataError, match="should be the same"):
        JudgedSearch.of(DOCUMENTS, QUERIES, qrels)


def test_the_best_depth_is_the_quickest_of_the_best_and_a_curve_survives_json():
    depths = (DepthScore(0, 0.5, 1), DepthScore(10, 0.8, 2), DepthScore(20, 0.8, 3))
    curve = RerankCurve("minilm", "c", "data", "machine", 12, 2, 2, depths)
    assert curve.best.depth == 10
    assert RerankCurve.from_dict(curve.to_dict()) == curve
