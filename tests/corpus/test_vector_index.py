"""The approximate index: it finds what is there, whole or not at all."""

import numpy as np
import pytest

from sbert_core.corpus.vector_index import IndexInfo, VectorIndex
from sbert_core.errors import Cancelled, WorkspaceError

N, D, CELLS = 1000, 20, 32


@pytest.fixture(scope="module")
def rows():
    found = np.random.default_rng(0).standard_normal((N, D)).astype(np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


@pytest.fixture(scope="module")
def index(tmp_path_factory, rows):
    built = VectorIndex(tmp_path_factory.mktemp("index") / "vectors")
    built.build(rows, rows[:CELLS])
    return built


def info(**changes):
    values = {"rows": N, "dims": D, "cells": CELLS, "probes": 8, "recall": 1.0, "sample": 9}
    return IndexInfo(**values, seconds=1.0, **changes)


def test_looking_into_every_cell_finds_the_truth_with_exact_cosines(index, rows):
    queries = rows[:170] + 0.01  # more than go to Lance at once
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    found, cosines = index.search(queries, 5, probes=CELLS)
    truth = np.argsort(-queries @ rows.T, axis=1)[:, :5]
    assert np.mean([len(set(a) & set(b)) for a, b in zip(found, truth, strict=True)]) > 4.9
    true = np.take_along_axis(queries @ rows.T, found, axis=1)
    np.testing.assert_allclose(cosines, true, atol=1e-6)
    assert (np.diff(cosines, axis=1) <= 0).all()


def test_one_query_alone_gives_what_it_gives_among_others(index, rows):
    several = index.search(rows[:3], 5, 8)[0]
    assert index.search(rows[1:2], 5, 8)[0].tolist() == [several[1].tolist()]
    assert several[:, 0].tolist() == [0, 1, 2]


def test_cells_with_too_few_rows_are_filled_up_with_nothing(index, rows):
    found, cosines = index.search(rows[:1], 500, probes=1)
    there = int((found[0] >= 0).sum())
    assert 0 < there < 500 and found[0, 0] == 0
    assert (found[0, there:] == -1).all() and (cosines[0, there:] == -1).all()
    assert len(set(found[0, :there].tolist())) == there


def test_it_counts_as_built_only_when_it_is_described(tmp_path, rows):
    index = VectorIndex(tmp_path / "search" / "vectors")
    assert index.info() is None
    index.build(rows[:100], rows[:10])
    assert index.info() is None
    index.describe(info())
    assert VectorIndex(index.folder).info() == info()
    index.build(rows[:100], rows[:10])  # a build begun anew takes the old one away first
    assert index.info() is None


def test_cancel_stops_a_build(tmp_path, rows):
    index, told = VectorIndex(tmp_path / "vectors"), []

    def cancel(done, total, message=""):
        told.append(message)
        if message == "checking the index":
            raise Cancelled("stop")

    with pytest.raises(Cancelled):
        index.build(rows, rows[:CELLS], cancel)
    assert index.info() is None
    assert {"copying vectors", "sorting rows into cells"} <= set(told)


def test_a_damaged_index_is_removed_with_a_sentence(tmp_path, rows):
    index = VectorIndex(tmp_path / "vectors")
    index.build(rows[:100], rows[:10])
    index.describe(info())
    for path in index.folder.rglob("*.manifest"):
        path.write_bytes(b"nonsense")
    with pytest.raises(WorkspaceError, match="built anew"):
        VectorIndex(index.folder).search(rows[:1], 1, 1)
    assert index.info() is None
