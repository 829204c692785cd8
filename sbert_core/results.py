"""What the Lab hands out: plain dataclasses, each saying its units."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .analysis.projection import ProjectionMethod
from .analysis.similarity import percentile_of
from .corpus.records import RunRecord


@dataclass(frozen=True)
class EmbedEstimate:
    """What embedding will cost, said before it starts.

    Attributes:
        rows: Rows of the corpus.
        distinct: Distinct texts: each is encoded once.
        tokens_median: Median length in tokens, special tokens included.
        tokens_longest: Longest text in tokens.
        max_length: Tokens the encoder reads, the rest of a text is cut; None if it reads all.
        truncated: Rows that will be cut.
        seconds: Estimated encoding time in seconds.
        measured: True if the time rests on an earlier run on this machine, False if on a
            short matrix-product trial.
        disk_bytes: Bytes that the vectors take in the workspace.
    """

    rows: int
    distinct: int
    tokens_median: int
    tokens_longest: int
    max_length: int | None
    truncated: int
    seconds: float
    measured: bool
    disk_bytes: int


@dataclass(frozen=True)
class EmbedResult:
    """A corpus that has vectors now.

    Attributes:
        rows: Rows embedded.
        dims: Length of a vector.
        model: Encoder string.
        truncated: Rows longer than the encoder reads.
        cached: True if the vectors were in the workspace already.
        seconds: Wall time of this call in seconds.
    """

    rows: int
    dims: int
    model: str
    truncated: int
    cached: bool
    seconds: float


@dataclass(frozen=True)
class ClusterResult:
    """Groups of similar sentences.

    Attributes:
        run: The run record that repeats it.
        labels: int32 array of shape (N,): the group of each row, 0 is the largest.
        names: A name per group.
        sizes: Rows per group.
        central_rows: The row nearest to each group's centre: its most typical sentence.
        silhouette: Mean cosine silhouette in [-1, 1]; None where it is not defined (one group).
        cluster_silhouettes: The same per group.
        k_choice: How k was chosen ("k", "candidates", "well_determined", "sentence"), or None
            when the user gave it.
        note: One sentence on anything a reader should know, or "".
    """

    run: RunRecord
    labels: NDArray[np.int32]
    names: tuple[str, ...]
    sizes: tuple[int, ...]
    central_rows: tuple[int, ...]
    silhouette: float | None
    cluster_silhouettes: tuple[float, ...]
    k_choice: dict[str, Any] | None
    note: str = ""

    @property
    def k(self) -> int:
        """Number of groups."""
        return len(self.sizes)


@dataclass(frozen=True)
class MapResult:
    """A picture of a corpus.

    Attributes:
        run: The run record that repeats it.
        method: "umap", "pca" or "tsne".
        coordinates: float32 array of shape (N, 2) or (N, 3).
        trustworthiness: Share of shown neighbours that are real ones, in [0, 1] (Venna & Kaski).
        knn_overlap: Mean share of a row's true neighbours that the picture keeps, in [0, 1].
        k: Neighbours looked at for both.
        rows_measured: Rows that both were measured on (all, or an even sample).
        sentence: How far to trust this map, in words.
        note: One sentence on anything special, or "".
    """

    run: RunRecord
    method: ProjectionMethod
    coordinates: NDArray[np.float32]
    trustworthiness: float
    knn_overlap: float
    k: int
    rows_measured: int
    sentence: str
    note: str = ""


@dataclass(frozen=True)
class Neighbour:
    """A row near another one.

    Attributes:
        row: Row number in the corpus, from 0.
        text: Its text.
        cosine: Cosine similarity in [-1, 1].
    """

    row: int
    text: str
    cosine: float


@dataclass(frozen=True)
class PairSimilarity:
    """Two sentences under one encoder.

    Attributes:
        model: Encoder string.
        cosine: In [-1, 1].
        dot: Dot product of the vectors as the encoder gives them.
        euclidean: Distance, 0 or more.
        manhattan: Sum of absolute differences, 0 or more.
        truncated: True if either sentence is longer than the encoder reads.
    """

    model: str
    cosine: float
    dot: float
    euclidean: float
    manhattan: float
    truncated: bool = False


@dataclass(frozen=True)
class RandomPairs:
    """How similar two arbitrary rows of a corpus are under one encoder: the yardstick for a cosine.

    Attributes:
        model: Encoder string.
        cosines: float32 array, sorted: cosines of random pairs, in [-1, 1].
        rows: Rows they were drawn from.
        sampled: True if only some rows were encoded for this.
    """

    model: str
    cosines: NDArray[np.float32]
    rows: int
    sampled: bool

    @property
    def mean(self) -> float:
        """Mean cosine of random pairs, in [-1, 1]: far from 0 means an anisotropic space."""
        return float(self.cosines.mean())

    def percentile(self, cosine: float) -> float:
        """Share of random pairs below a cosine, in percent, [0, 100]; ties count half."""
        return percentile_of(cosine, self.cosines)
