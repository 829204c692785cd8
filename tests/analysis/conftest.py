"""Small corpora of vectors with a known structure."""

import numpy as np
import pytest


def gaussian_groups(groups, per_group, dims=16, spread=0.05, seed=0):
    """Unit vectors around random directions; returns them with the group of each."""
    random = np.random.default_rng(seed)
    directions = random.normal(size=(groups, dims))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    labels = np.repeat(np.arange(groups), per_group)
    vectors = directions[labels] + spread * random.normal(size=(len(labels), dims))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    order = random.permutation(len(labels))
    return vectors[order].astype(np.float32), labels[order]


@pytest.fixture(scope="session")
def four_groups():
    """120 unit vectors in four tight groups, with the group of each."""
    return gaussian_groups(4, 30)


@pytest.fixture(scope="session")
def cloud():
    """150 random unit vectors without structure."""
    return gaussian_groups(1, 150, spread=1.0, seed=3)[0]
