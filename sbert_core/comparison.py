"""What comparing two to four encoders on one corpus gives, and how the workspace keeps it.

    N  rows      U  different sentences      E  encoders      K  neighbours of each row

`read_comparison` turns a stored run back into a `Comparison`. It holds all that the page draws, so
it needs neither vectors nor models.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .analysis.agreement import shared_neighbours
from .corpus.records import RunRecord
from .errors import DataError

LEAST_ENCODERS, MOST_ENCODERS = 2, 4


@dataclass(frozen=True)
class CompareConfig:
    """How encoders are compared.

    Attributes:
        label_column: Column whose labels the neighbours and groups are judged by; None for the
            corpus's own label column, "" for none.
        k: Groups to find under every encoder, 2 to 500; None for the number of labels, or
            where there are none, sqrt(N / 2), a rule of thumb that favours no encoder.
        neighbours: Nearest sentences to look at, K, 1 to 100.
        seed: Fixes every random choice, 0 to 2**32 - 2; maps are drawn again with seed + 1.
    """

    label_column: str | None = None
    k: int | None = None
    neighbours: int = 10
    seed: int = 42

    def __post_init__(self) -> None:
        """Refuse what cannot be.

        Raises:
            DataError: A value is outside its range.
        """
        if self.k is not None and not 2 <= self.k <= 500:
            raise DataError(f"k={self.k} should be between 2 and 500; leave it out for a default.")
        if not 1 <= self.neighbours <= 100:
            raise DataError(f"neighbours={self.neighbours} should be between 1 and 100.")
        if not 0 <= self.seed < 2**32 - 1:
            raise DataError(f"seed={self.seed} should be between 0 and {2**32 - 2}.")

    def to_dict(self) -> dict[str, Any]:
        """Return the values as plain JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "CompareConfig":
        """Build a configuration from what `to_dict` returned."""
        return cls(**values)


@dataclass(frozen=True)
class EncoderFigures:
    """One encoder on the corpus.

    Attributes:
        model: Encoder string.
        dims: Length of a vector.
        layers: Layers of the backbone.
        parameters: Trainable numbers.
        disk_bytes: Size of its weights on disk.
        sentences_per_second: Encoding speed, measured with the comparison; None if it was not.
        random_pair_cosine: Mean cosine of random pairs, in [-1, 1].
        random_pair_spread: Their standard deviation, in [0, 1].
        effective_rank: Dimensions in use, in [1, dims].
        knn_label_accuracy: Share of sentences whose neighbours name their label, in [0, 1].
        silhouette: Of k groups, in [-1, 1]; None where there are not k.
        v_measure: Agreement of k groups with the labels, in [0, 1].
        ari: Adjusted Rand index of the same, at most 1.
        redrawn_overlap: Share of neighbours on its map that remain when the map is drawn again
            with another seed, in [0, 1].
        note: One sentence on anything special, or "".
    """

    model: str
    dims: int
    layers: int
    parameters: int
    disk_bytes: int
    sentences_per_second: float | None
    random_pair_cosine: float
    random_pair_spread: float
    effective_rank: float
    knn_label_accuracy: float | None
    silhouette: float | None
    v_measure: float | None
    ari: float | None
    redrawn_overlap: float
    note: str = ""


@dataclass(frozen=True)
class PairAgreement:
    """How far two encoders agree.

    Attributes:
        a: Encoder string.
        b: Encoder string.
        knn_overlap: Mean share of a sentence's K neighbours in common, in [0, 1]; None where an
            encoder gives all sentences one vector, as for all below.
        cka: Linear CKA, in [0, 1].
        cka_shuffled: The same with the rows of one shuffled: what unrelated encoders score.
        rank_correlation: Spearman's of the distances of the same pairs, in [-1, 1].
        map_overlap: As `knn_overlap`, on their two maps.
        changed: Rows whose neighbourhoods differ most, most different first.
    """

    a: str
    b: str
    knn_overlap: float | None
    cka: float | None
    cka_shuffled: float | None
    rank_correlation: float | None
    map_overlap: float | None
    changed: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two to four encoders on one corpus.

    Attributes:
        run: The run record that repeats it.
        encoders: Figures of each encoder, in the order asked for.
        agreement: Every pair of them.
        distinct: Different sentences U: copies count once.
        neighbours: Nearest sentences looked at, K.
        k: Groups under every encoder.
        label_column: Column that neighbours and groups are judged by, or "".
        label_count: Different labels; 0 without.
        label_baseline: What always guessing the most frequent label scores, in [0, 1].
        maps: E arrays float32 (N, 2) in one frame.
        redrawn: The same maps with another seed, each laid over its own.
        near: E arrays int32 (N, K): neighbours of each row, nearest first.
        cosines: E arrays float32 (N, K): their cosines, in [-1, 1].
        groups: E arrays int32 (N,): the group of each row.
        group_names: E tuples with a name per group.
        counted: bool array (N,): the first copy of each sentence.
        notes: Sentences on anything a reader should know.
    """

    run: RunRecord
    encoders: tuple[EncoderFigures, ...]
    agreement: tuple[PairAgreement, ...]
    distinct: int
    neighbours: int
    k: int
    label_column: str
    label_count: int
    label_baseline: float | None
    maps: tuple[NDArray[np.float32], ...]
    redrawn: tuple[NDArray[np.float32], ...]
    near: tuple[NDArray[np.int32], ...]
    cosines: tuple[NDArray[np.float32], ...]
    groups: tuple[NDArray[np.int32], ...]
    group_names: tuple[tuple[str, ...], ...]
    counted: NDArray[np.bool_]
    notes: tuple[str, ...] = field(default=())

    @property
    def models(self) -> tuple[str, ...]:
        """Encoder strings, in the order asked for."""
        return tuple(found.model for found in self.encoders)

    @property
    def chance_overlap(self) -> float:
        """Share of neighbours that two unrelated encoders have in common, K / (U - 1)."""
        return self.neighbours / (self.distinct - 1)

    @property
    def redrawn_overlap(self) -> float:
        """Mean share of map neighbours that another seed keeps: the null line, in [0, 1]."""
        return float(np.mean([found.redrawn_overlap for found in self.encoders]))

    def null_of(self, pair: PairAgreement) -> float:
        """Share of map neighbours that another seed keeps, mean of a pair's two encoders."""
        both = [e.redrawn_overlap for e in self.encoders if e.model in (pair.a, pair.b)]
        return float(np.mean(both))

    def row_overlap(self, a: int, b: int) -> NDArray[np.float32]:
        """Share of each row's neighbours in common to encoders number a and b: float32 (N,)."""
        return shared_neighbours(self.near[a], self.near[b])

    def mean_row_overlap(self) -> NDArray[np.float32]:
        """Mean of `row_overlap` over all pairs of encoders: float32 (N,), fractions in [0, 1]."""
        pairs = combinations(range(len(self.encoders)), 2)
        return np.mean([self.row_overlap(a, b) for a, b in pairs], axis=0, dtype=np.float32)

    @property
    def headline(self) -> str:
        """What the comparison shows, in a sentence."""
        return _headline(self)

    @property
    def about_chance(self) -> str:
        """Whether the encoders disagree or UMAP rolled dice, in a sentence; "" if unknown."""
        return _about_chance(self)

    def pair(self, a: str, b: str) -> PairAgreement:
        """Return how far two encoders agree, in either order."""
        return next(found for found in self.agreement if {found.a, found.b} == {a, b})


# --- reading --------------------------------------------------------------------------------------


def read_comparison(run: RunRecord, columns: Mapping[str, NDArray[Any]]) -> Comparison:
    """Turn a stored comparison back into a result."""
    stored = run.result
    encoders = tuple(EncoderFigures(**found) for found in stored["encoders"])
    agreement = tuple(
        PairAgreement(**(found | {"changed": tuple(found["changed"])}))
        for found in stored["agreement"]
    )
    return Comparison(
        run=run,
        encoders=encoders,
        agreement=agreement,
        distinct=stored["distinct"],
        neighbours=stored["neighbours"],
        k=stored["k"],
        label_column=run.parameters["label_column"],
        label_count=stored["label_count"],
        label_baseline=stored["label_baseline"],
        maps=_split(columns["maps"], len(encoders)),
        redrawn=_split(columns["redrawn"], len(encoders)),
        near=_split(columns["near"], len(encoders)),
        cosines=_split(columns["cosines"], len(encoders)),
        groups=tuple(columns["groups"].T),
        group_names=tuple(tuple(names) for names in stored["group_names"]),
        counted=columns["counted"],
        notes=(*stored["notes"], *(found.note for found in encoders if found.note)),
    )


def _split(columns: NDArray[Any], parts: int) -> tuple[NDArray[Any], ...]:
    """Cut an array of shape (N, E * C) into E arrays of shape (N, C)."""
    return tuple(np.split(columns, parts, axis=1))


# --- in words -------------------------------------------------------------------------------------


def _headline(found: Comparison) -> str:
    """Say in a sentence what the comparison shows."""
    judged = [(e.model, e.knn_label_accuracy) for e in found.encoders]
    if any(accuracy is not None for _, accuracy in judged):
        parts = [f"{100 * (accuracy or 0):.0f} under {model}" for model, accuracy in judged]
        return (
            f"Ask a sentence's {_nearest(found.neighbours)} for its label in "
            f"“{found.label_column}”: of 100 sentences they are right about {_listed(parts)}."
        )
    known = [pair for pair in found.agreement if pair.knn_overlap is not None]
    if not known:
        return "There is nothing to compare: see the notes below."
    known.sort(key=lambda pair: pair.knn_overlap or 0)
    least, most = known[0], known[-1]
    said = f"Of a sentence's {_nearest(found.neighbours)}, {_in_common(least, found)}"
    return f"{said}." if least is most else f"{said}, {_in_common(most, found)}."


def _about_chance(found: Comparison) -> str:
    """Say whether the encoders disagree or UMAP rolled dice."""
    pairs = [pair for pair in found.agreement if pair.map_overlap is not None]
    if not pairs:
        return ""
    kept, k = found.redrawn_overlap, found.neighbours
    shares = [pair.map_overlap or 0.0 for pair in pairs]
    dice = [pair for pair in pairs if (pair.map_overlap or 0.0) >= 0.9 * found.null_of(pair)]
    span = f"{k * min(shares):.1f} to {k * max(shares):.1f}"
    if len(pairs) == 1:
        span = f"{k * shares[0]:.1f}"
    begin = (
        f"Drawn again with another seed, the same encoder's map keeps {k * kept:.1f} of the {k} "
        f"neighbours of a point; maps of two encoders share {span}"
    )
    if not dice:
        return f"{begin}: the encoders really disagree, it is not the dice of the drawing."
    names = _listed([f"{pair.a} and {pair.b}" for pair in dice])
    return f"{begin}. What differs between the maps of {names} is no more than the dice."


def _in_common(pair: PairAgreement, found: Comparison) -> str:
    return f"{pair.a} and {pair.b} share {found.neighbours * (pair.knn_overlap or 0):.1f}"


def _nearest(k: int) -> str:
    return "nearest neighbour" if k == 1 else f"{k} nearest neighbours"


def _listed(parts: Sequence[str]) -> str:
    """Join with commas and an "and"."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
