"""Measuring encoders against each other: from vectors and maps to what the workspace keeps.

    N  rows      U  different sentences      E  encoders      K  neighbours of each row

`compute_comparison` returns a small JSON result and six columns with one value per row. Exact
copies of a sentence count once in every measure: otherwise each would be recognised by its own
copy, whatever the encoder.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .analysis.agreement import (
    Labels,
    common_frame,
    distance_rank_correlation,
    is_collapsed,
    linear_cka,
    map_neighbours,
    most_changed,
    neighbour_label_accuracy,
    neighbours_to_compare,
    shared_neighbours,
    shuffled_cka,
)
from .analysis.clustering import label_agreement
from .analysis.geometry import aligned_frame, effective_rank, random_pair_cosine
from .analysis.neighbours import nearest_neighbours
from .analysis.vectors import unit_rows
from .comparison import CompareConfig
from .encoders.batching import distinct_texts
from .protocols import Progress
from .result_store import Computed
from .results import ClusterResult

MOST_CHANGED = 20
MOST_GROUPS = 50
# With more labels than this share of the sentences, a label says nothing about its neighbours.
MOST_LABELS_SHARE = 0.5
_MEASURES = ("knn_overlap", "cka", "cka_shuffled", "rank_correlation", "map_overlap")


@dataclass(frozen=True)
class EncoderView:
    """All that is known of one encoder on the corpus before encoders are compared.

    Attributes:
        model: Encoder string.
        facts: Size and speed, fields of `EncoderFigures`.
        vectors: float32 array of shape (N, D).
        drawn: Its map, float32 (N, 2).
        redrawn: Its map with another seed, float32 (N, 2).
        grouped: Its groups, or None where k groups are not possible.
    """

    model: str
    facts: Mapping[str, Any]
    vectors: NDArray[np.float32]
    drawn: NDArray[np.float32]
    redrawn: NDArray[np.float32]
    grouped: ClusterResult | None


def default_k(distinct: int, labels: Labels | None) -> int:
    """Choose how many groups to find: as many as labels, else a number that favours no encoder."""
    wanted = len(labels.names) if labels else min(MOST_GROUPS, round((distinct / 2) ** 0.5))
    return max(2, min(wanted, distinct - 1))


def usable_labels(
    values: Sequence[object], column: str, first: NDArray[np.intp]
) -> tuple[Labels | None, str]:
    """Number the labels of a column, or say in a sentence why they cannot judge an encoder.

    Args:
        values: A cell for each of N rows.
        column: Name of the column.
        first: The first copy of each different sentence, shape (U,).

    Returns:
        Labels of the U sentences, and a sentence where something is wrong with them.
    """
    labels = Labels.of([values[row] for row in first])
    if len(labels.names) < 2:
        return None, f"The column “{column}” has fewer than two different labels: it is not used."
    if len(labels.names) > MOST_LABELS_SHARE * labels.count:
        return None, (
            f"The column “{column}” has {len(labels.names):,} different values in "
            f"{labels.count:,} rows: too many to be labels, so it is not used."
        )
    return labels, ""


def first_copies(texts: Sequence[str]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Find the first row of each different text, and which of them every row is a copy of.

    Returns:
        Rows of shape (U,), and places in them of shape (N,).
    """
    place = distinct_texts(texts).place
    return np.unique(place, return_index=True)[1], place


@dataclass(frozen=True)
class _Space:
    """One encoder's different sentences: vectors of length 1, neighbours there and on its map."""

    units: NDArray[np.float32]  # (U, D)
    near: NDArray[np.int32]  # (U, K)
    cosines: NDArray[np.float32]  # (U, K)
    shown: NDArray[np.int32]  # (U, K), on the map
    again: NDArray[np.int32]  # (U, K), on the map drawn with another seed

    @property
    def redrawn_overlap(self) -> float:
        """Mean share of map neighbours that another seed keeps."""
        return _mean_overlap(self.shown, self.again)


def compute_comparison(
    views: Sequence[EncoderView],
    texts: Sequence[str],
    labels: Labels | None,
    gold: Sequence[object] | None,
    config: CompareConfig,
    progress: Progress,
) -> Computed:
    """Measure encoders against each other.

    Args:
        views: E encoders.
        texts: N sentences, of which at least 3 are different.
        labels: Labels of the U different sentences, or None.
        gold: The label column itself, N cells; needed with `labels`.
        config: How to compare.
        progress: Told the stage; may raise to stop.

    Raises:
        DataError: There are fewer than 3 different sentences.
    """
    first, place = first_copies(texts)
    k = neighbours_to_compare(len(first), config.neighbours)
    maps = common_frame([view.drawn for view in views])
    redrawn = [aligned_frame(view.redrawn, drawn) for view, drawn in zip(views, maps, strict=True)]
    spaces = []
    for i, view in enumerate(views):
        units = unit_rows(view.vectors)[first]
        found = nearest_neighbours(units, k, progress=named_stage(progress, f"{view.model}: "))
        shown, again = (map_neighbours(drawn[i][first], k) for drawn in (maps, redrawn))
        spaces.append(_Space(units, found.indices, found.similarities, shown, again))
    figures = []
    for i, (view, space) in enumerate(zip(views, spaces, strict=True)):
        progress(i, len(views), f"{view.model}: measuring")
        figures.append(_figures(view, space, labels, gold))
    result = {
        "encoders": figures,
        "agreement": _agreement(figures, spaces, first, config.seed, progress),
        "distinct": len(first),
        "neighbours": k,
        "label_count": len(labels.names) if labels else 0,
        "label_baseline": labels.baseline if labels else None,
        "group_names": [list(view.grouped.names) if view.grouped else [] for view in views],
    }
    none = np.full(len(texts), -1, dtype=np.int32)
    near = np.concatenate([space.near for space in spaces], axis=1)  # (U, E * K)
    cosines = np.concatenate([space.cosines for space in spaces], axis=1)
    columns = {
        "maps": np.concatenate(maps, axis=1),
        "redrawn": np.concatenate(redrawn, axis=1),
        "near": first[near][place].astype(np.int32),
        "cosines": np.round(cosines, 3)[place],
        "groups": np.stack([v.grouped.labels if v.grouped else none for v in views], axis=1),
        "counted": np.isin(np.arange(len(texts)), first),
    }
    return result, columns


def _agreement(
    figures: Sequence[Mapping[str, Any]],
    spaces: Sequence[_Space],
    first: NDArray[np.intp],
    seed: int,
    progress: Progress,
) -> list[dict[str, Any]]:
    """Measure every pair of encoders; fields of `PairAgreement`."""
    pairs = list(combinations(range(len(figures)), 2))
    agreement = []
    for done, (a, b) in enumerate(pairs):
        names = {"a": figures[a]["model"], "b": figures[b]["model"]}
        progress(done, len(pairs), f"{names['a']} against {names['b']}")
        if figures[a]["note"] or figures[b]["note"]:
            agreement.append({**names, **dict.fromkeys(_MEASURES), "changed": []})
            continue
        measured = _agree(spaces[a], spaces[b], seed)
        changed = most_changed(
            spaces[a].units, spaces[b].units, spaces[a].near, spaces[b].near, MOST_CHANGED
        )
        agreement.append({**names, **measured, "changed": first[changed].tolist()})
    return agreement


def _figures(
    view: EncoderView,
    space: _Space,
    labels: Labels | None,
    gold: Sequence[object] | None,
) -> dict[str, Any]:
    """Measure one encoder by itself; the fields of `EncoderFigures`."""
    mean, spread = random_pair_cosine(space.units)
    collapsed = is_collapsed(space.units)
    grouped = None if collapsed else view.grouped
    agreed = label_agreement(grouped.labels, gold) if grouped and labels and gold else None
    accuracy = None
    if labels and not collapsed:
        accuracy = neighbour_label_accuracy(space.near, labels.numbers)
    note = f"{view.model} gives every sentence the same vector: it tells nothing apart."
    return {
        "model": view.model,
        **view.facts,
        "random_pair_cosine": mean,
        "random_pair_spread": spread,
        "effective_rank": effective_rank(space.units),
        "knn_label_accuracy": accuracy,
        "silhouette": grouped.silhouette if grouped else None,
        "v_measure": agreed.v_measure if agreed else None,
        "ari": agreed.ari if agreed else None,
        "redrawn_overlap": space.redrawn_overlap,
        "note": note if collapsed else "",
    }


def _agree(a: _Space, b: _Space, seed: int) -> dict[str, float | None]:
    """Measure two encoders against each other, where each tells sentences apart."""
    return {
        "knn_overlap": _mean_overlap(a.near, b.near),
        "cka": linear_cka(a.units, b.units),
        "cka_shuffled": shuffled_cka(a.units, b.units, seed),
        "rank_correlation": distance_rank_correlation(a.units, b.units, seed=seed),
        "map_overlap": _mean_overlap(a.shown, b.shown),
    }


def _mean_overlap(a: NDArray[np.int32], b: NDArray[np.int32]) -> float:
    """Mean share of neighbours in common."""
    return float(shared_neighbours(a, b).mean(dtype=np.float64))


def named_stage(progress: Progress, name: str) -> Progress:
    """Say whose stage it is."""

    def report(done: int, total: int, message: str = "") -> None:
        progress(done, total, name + message)

    return report
