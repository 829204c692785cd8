"""Mining finds exactly the pairs that brute force finds."""

import numpy as np
import pytest

from sbert_core.analysis.duplicates import describe_group, group_rows, mine_pairs


def brute_force(embeddings, floor):
    lengths = np.linalg.norm(embeddings, axis=1, keepdims=True)
    unit = np.divide(embeddings, lengths, out=np.zeros_like(embeddings), where=lengths > 0)
    cosines = unit.astype(np.float64) @ unit.astype(np.float64).T
    rows, columns = np.triu_indices(len(unit), k=1)
    return cosines, {
        (int(i), int(j)) for i, j in zip(rows, columns, strict=True) if cosines[i, j] >= floor
    }


@pytest.fixture
def planted():
    """2,000 rows with near copies, exact copies and zero rows."""
    rng = np.random.default_rng(7)
    rows = rng.standard_normal((2_000, 48)).astype(np.float32)
    rows[1000:1400] = rows[:400] + 0.3 * rng.standard_normal((400, 48)).astype(np.float32)
    rows[1400:1450] = rows[3]
    rows[1990:] = 0
    return rows


@pytest.mark.parametrize("floor", [0.4, 0.8, 0.999])
def test_every_pair_above_the_floor_and_no_other(planted, floor):
    cosines, expected = brute_force(planted, floor)
    found = mine_pairs(planted, floor)
    pairs = set(zip(found.a.tolist(), found.b.tolist(), strict=True))
    # float32 and float64 may differ about a pair that lies on the floor itself.
    assert all(abs(cosines[pair] - floor) < 1e-5 for pair in pairs ^ expected)
    assert len(pairs) == len(found.cosines)


def test_one_row_has_no_pair():
    assert len(mine_pairs(np.ones((1, 8), dtype=np.float32), 0.5).cosines) == 0


def test_a_zero_row_is_like_nothing():
    found = mine_pairs(np.zeros((3, 8), dtype=np.float32), 0.5)
    assert len(found.cosines) == 0


def test_too_many_pairs_keep_the_strongest_and_say_from_where_on_they_are_complete(planted):
    everything = mine_pairs(planted, 0.4)
    found = mine_pairs(planted, 0.4, max_pairs=100)
    assert found.capped and not everything.capped
    np.testing.assert_array_equal(found.cosines, everything.cosines[:100])
    np.testing.assert_array_equal(found.a, everything.a[:100])


def test_the_cheap_product_does_not_decide(planted):
    exact, cheap = (mine_pairs(planted, 0.8, precision=kind) for kind in ("float32", "bfloat16"))
    np.testing.assert_array_equal(exact.a, cheap.a)
    np.testing.assert_array_equal(exact.b, cheap.b)
    np.testing.assert_array_equal(exact.cosines, cheap.cosines)


def test_groups_are_what_hangs_together_and_a_chain_is_called_one():
    parts = group_rows(np.array([0, 1, 5]), np.array([1, 2, 6]), 8)
    assert [part.tolist() for part in parts] == [[0, 1, 2], [5, 6]]
    turn = np.radians([0, 35, 70])
    vectors = np.stack([np.cos(turn), np.sin(turn)], axis=1).astype(np.float32)
    group = describe_group(parts[0], vectors, 0.8)
    assert (group.central, group.chained) == (1, True)
    assert group.least_cosine == pytest.approx(np.cos(np.radians(70)), abs=1e-6)
    assert not describe_group(parts[0][:2], vectors, 0.8).chained
