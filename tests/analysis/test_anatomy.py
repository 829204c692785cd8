"""Token vectors against what they are pooled to."""

import numpy as np
import pytest

from sbert_core.analysis.anatomy import anatomy_of


def test_lengths_and_cosines_by_hand():
    tokens = np.array([[3.0, 4.0], [0.0, 2.0]], dtype=np.float32)
    layers = np.array([[1.0, 0.0], [0.0, 5.0]], dtype=np.float32)
    special = np.array([True, False])
    found = anatomy_of("m", "mean", "mean", ["[CLS]", "x"], special, tokens, layers, dims=2)
    np.testing.assert_allclose(found.norms, [5, 2])
    np.testing.assert_allclose(found.to_pooled, [0.8, 1.0], atol=1e-6)
    np.testing.assert_allclose(found.layer_cosines, [[1, 0], [0, 1]], atol=1e-6)
    assert found.first_to_pooled == pytest.approx(0.8)
    assert found.layers == 1


def test_a_table_of_token_vectors_has_no_first_token_and_no_layers():
    row = np.ones((1, 3), dtype=np.float32)
    found = anatomy_of("m", "mean", "mean", ["x"], np.array([False]), row, row, dims=3)
    assert found.first is None and found.first_to_pooled is None
    assert found.layers == 0


def test_no_known_token_is_no_error():
    nothing, zero = np.zeros((0, 3), np.float32), np.zeros((1, 3), np.float32)
    found = anatomy_of("m", "mean", "mean", [], np.zeros(0, bool), nothing, zero, dims=3)
    assert found.norms.shape == found.to_pooled.shape == (0,)
    assert np.isfinite(found.layer_cosines).all()
