import numpy as np
import pytest

from sbert_core.analysis import neighbours as module
from sbert_core.analysis.neighbours import nearest_neighbours
from sbert_core.errors import Cancelled, DataError


def by_sorting(vectors, k):
    """The definition: sort all other rows, lower row number first among equals."""
    similarities = vectors @ vectors.T
    np.fill_diagonal(similarities, -np.inf)
    return np.argsort(-similarities, axis=1, kind="stable")[:, :k]


def test_neighbours_are_those_of_a_full_sort(cloud):
    found = nearest_neighbours(cloud, 7)
    np.testing.assert_array_equal(found.indices, by_sorting(cloud, 7))
    assert found.indices.dtype == np.int32
    expected = np.take_along_axis(cloud @ cloud.T, found.indices.astype(int), axis=1)
    np.testing.assert_allclose(found.similarities, expected, atol=1e-6)


def test_blocks_do_not_change_the_answer(cloud, monkeypatch):
    whole = nearest_neighbours(cloud, 5)
    monkeypatch.setattr(module, "BLOCK_ROWS", 7)
    np.testing.assert_array_equal(nearest_neighbours(cloud, 5).indices, whole.indices)


def test_a_row_is_not_its_own_neighbour_but_its_copies_are():
    vectors = np.array([[1.0, 0.0]] * 4 + [[0.0, 1.0]])
    found = nearest_neighbours(vectors, 3)
    np.testing.assert_array_equal(found.indices[:4], [[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2]])
    np.testing.assert_allclose(found.similarities[:4], 1.0)


def test_given_queries_may_find_themselves(cloud):
    found = nearest_neighbours(cloud, 3, queries=cloud[[5, 9]] * 10)
    np.testing.assert_array_equal(found.indices[:, 0], [5, 9])
    assert found.indices.shape == (2, 3)


def test_a_zero_row_is_at_cosine_zero_of_all():
    vectors = np.array([[1.0, 0.0], [0.0, 0.0], [-1.0, 0.0]])
    found = nearest_neighbours(vectors, 2)
    np.testing.assert_array_equal(found.indices[1], [0, 2])
    np.testing.assert_array_equal(found.similarities[1], [0.0, 0.0])
    np.testing.assert_array_equal(found.indices[0], [1, 2])


@pytest.mark.parametrize(("rows", "width"), [(1, 0), (2, 1), (3, 2), (50, 10)])
def test_there_are_no_more_neighbours_than_other_rows(rows, width):
    vectors = np.random.default_rng(0).normal(size=(rows, 4))
    assert nearest_neighbours(vectors, 10).indices.shape == (rows, width)
    assert nearest_neighbours(vectors, 10, queries=vectors).indices.shape == (rows, min(rows, 10))


def test_what_cannot_be_is_refused(cloud):
    with pytest.raises(DataError, match="k=0 should be at least 1"):
        nearest_neighbours(cloud, 0)
    with pytest.raises(DataError, match="queries have 3 dimensions and embeddings 16"):
        nearest_neighbours(cloud, 1, queries=np.ones((1, 3)))


def test_progress_can_stop_the_work(cloud):
    def stop(done, total, message=""):
        assert (done, total) == (0, len(cloud))
        raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        nearest_neighbours(cloud, 3, progress=stop)
