"""Exact top-k against brute force, reciprocal rank fusion by hand, and recall."""

import numpy as np
import pytest

from sbert_core.analysis import search
from sbert_core.analysis.neighbours import Neighbours
from sbert_core.analysis.search import cell_centres, fuse, recall, top_k
from sbert_core.analysis.vectors import unit_rows
from sbert_core.errors import DataError


@pytest.fixture
def small_blocks(monkeypatch):
    """Blocks so small that a few hundred rows need many of them."""
    monkeypatch.setattr(search, "_FIRST_ROWS", 8)
    monkeypatch.setattr(search, "_BLOCK_ROWS", 16)
    monkeypatch.setattr(search, "_BLOCK_QUERIES", 3)


def vectors(count, dims=12, seed=0):
    return unit_rows(np.random.default_rng(seed).standard_normal((count, dims)))


def brute_force(rows, queries, k, allowed=None):
    cosines = queries.astype(np.float64) @ rows.T.astype(np.float64)
    if allowed is not None:
        cosines[:, ~allowed] = -np.inf
    order = np.argsort(-cosines, axis=1, kind="stable")[:, :k]
    return order, np.take_along_axis(cosines, order, axis=1)


@pytest.mark.parametrize("k", [1, 7, 40])
def test_it_equals_brute_force_across_blocks(small_blocks, k):
    rows, queries = vectors(333), vectors(10, seed=1)
    found = top_k(rows, queries, k)
    order, cosines = brute_force(rows, queries, k)
    np.testing.assert_array_equal(found.indices, order)
    np.testing.assert_allclose(found.similarities, cosines, atol=1e-6)


def test_the_real_block_sizes_give_the_same():
    rows, queries = vectors(20_000, dims=4), vectors(5, dims=4, seed=1)
    np.testing.assert_allclose(
        top_k(rows, queries, 10).similarities, brute_force(rows, queries, 10)[1], atol=1e-6
    )


def test_only_allowed_rows_are_hits_and_few_of_them_are_few_hits(small_blocks):
    rows, queries = vectors(200), vectors(4, seed=1)
    allowed = np.arange(200) % 3 == 0
    found = top_k(rows, queries, 5, allowed)
    np.testing.assert_array_equal(found.indices, brute_force(rows, queries, 5, allowed)[0])
    allowed[:] = False
    allowed[[7, 150]] = True
    assert sorted(top_k(rows, queries, 5, allowed).indices[0]) == [7, 150]
    allowed[:] = False
    assert top_k(rows, queries, 5, allowed).indices.shape == (4, 0)


def test_ties_come_in_row_order_even_where_they_cross_blocks(small_blocks):
    rows = np.tile(np.float32([[1, 0]]), (100, 1))
    rows[::2] = [0, 1]
    found = top_k(rows, np.float32([[1, 0]]), 30)
    assert found.indices[0].tolist() == list(range(1, 60, 2))


def test_k_beyond_the_rows_gives_all_of_them_and_zero_rows_have_cosine_zero():
    rows = np.float32([[0, 0], [-1, 0], [1, 0]])
    found = top_k(rows, np.float32([[1, 0]]), 99)
    assert found.indices.tolist() == [[2, 0, 1]]
    assert found.similarities.tolist() == [[1, 0, -1]]


def test_k_of_nothing_and_other_dimensions_are_refused():
    with pytest.raises(DataError, match="k=0"):
        top_k(vectors(3), vectors(1), 0)
    with pytest.raises(DataError, match="5 dimensions and the rows 12"):
        top_k(vectors(3), vectors(1, dims=5), 1)


def test_fusion_by_hand():
    # Row 2 is second and first, row 1 first and third, rows 3 and 4 are in one list each.
    fused = fuse([[1, 2, 3], [2, 4, 1]])
    assert [row for row, _ in fused] == [2, 1, 4, 3]
    expected = [1 / 62 + 1 / 61, 1 / 61 + 1 / 63, 1 / 62, 1 / 63]
    np.testing.assert_allclose([score for _, score in fused], expected)


def test_equal_fused_scores_come_in_row_order_and_nothing_fuses_to_nothing():
    assert [row for row, _ in fuse([[9], [4]])] == [4, 9]
    assert fuse([[], []]) == []


def found(rows, cosines):
    return Neighbours(np.array(rows, np.int32), np.array(cosines, np.float32))


def test_recall_counts_true_hits_and_forgives_ties():
    exact = found([[1, 2, 3, 4]], [[0.9, 0.8, 0.7, 0.6]])
    assert recall(exact, exact) == 1.0
    assert recall(found([[1, 3, 8, -1]], [[0.9, 0.7, 0.5, -1]]), exact) == 0.5
    # Row 9 is as good as row 4.
    assert recall(found([[1, 2, 3, 9]], [[0.9, 0.8, 0.7, 0.6]]), exact) == 1.0


def test_recall_leaves_out_the_row_that_is_the_query():
    exact = found([[5, 1, 2]], [[1.0, 0.8, 0.7]])
    own = np.array([5])
    assert recall(found([[5, 1, 8]], [[1.0, 0.8, 0.1]]), exact, own) == 0.5
    assert recall(found([[1, 2, 8]], [[0.8, 0.7, 0.1]]), exact, own) == 1.0


def test_it_agrees_with_scikit_learns_tf_idf_ranking():
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.metrics.pairwise import cosine_similarity

    texts = ["a red cat", "a red dog and a red cat", "blue dog", "the blue sea", "red sea"]
    matrix = TfidfVectorizer().fit_transform([*texts, "red cat"]).toarray().astype(np.float32)
    expected = np.argsort(-cosine_similarity(matrix[5:], matrix[:5])[0], kind="stable")
    assert top_k(unit_rows(matrix[:5]), unit_rows(matrix[5:]), 5).indices[0].tolist() == (
        expected.tolist()
    )


def test_cells_are_found_where_the_rows_are():
    middles = np.eye(6, dtype=np.float32)
    noise = np.random.default_rng(3).standard_normal((300, 6)) * 0.05
    rows = unit_rows(middles[np.arange(300) % 6] + noise)
    centres = cell_centres(rows, 12)
    np.testing.assert_allclose(np.linalg.norm(centres, axis=1), 1, atol=1e-5)
    assert (rows @ centres.T).max(axis=1).mean() > 0.98
    assert (middles @ centres.T).max(axis=1).min() > 0.9
    np.testing.assert_array_equal(centres, cell_centres(rows, 12))


def test_cells_of_zero_rows_and_as_many_cells_as_rows():
    assert cell_centres(np.zeros((5, 3), np.float32), 2).tolist() == [[0, 0, 0]] * 2
    assert sorted(cell_centres(np.eye(3, dtype=np.float32), 3).argmax(axis=1)) == [0, 1, 2]
