"""Names for groups: the terms that set each apart, worded as people worded them.

N  texts      K  clusters      T  terms
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .terms import PHRASE, TermReader, is_unspaced
from .vectors import require, unit_rows

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

# A name has at most so many terms, and no further term once it has so many words.
MOST_TERMS, ENOUGH_WORDS = 3, 4
# A phrase says more than a word, so it may be that much rarer and still be preferred.
PHRASE_BONUS = 1.3
# A term that weighs much less than the first is left out; less strictly while the name is but a
# word, which says little alone.
LEAST_OF_FIRST, LEAST_BESIDE_A_WORD = 0.45, 0.2
# A term must be in this part of as many of a group's texts as its most frequent term is in, and
# in two texts where there are more than three.
LEAST_COVERAGE = 0.1
# Stems are of one family if one begins with the other and has so many letters.
FAMILY_LENGTH = 4
# Words of a sentence that stands in for a name.
SENTENCE_WORDS = 6
SEPARATOR = " · "


@dataclass(frozen=True)
class ClusterName:
    """A name for a cluster.

    Attributes:
        terms: The terms that set it apart, best first; empty where there are none.
        name: The name to show; no two clusters have the same.
    """

    terms: tuple[str, ...]
    name: str


def name_clusters(
    texts: Sequence[str],
    labels: NDArray[np.integer],
    central_rows: Sequence[int] | None = None,
) -> list[ClusterName]:
    """Name every cluster by the terms that set it apart from the others.

    A term t in cluster c weighs p_tc * log(1 + A / f_t), where p_tc is the fraction of the
    cluster's texts that have it, f_t the number of all texts that have it, and A the mean of
    sum_t f_tc over the clusters: the class-based TF-IDF of Grootendorst (2022,
    https://arxiv.org/abs/2203.05794) with each text counting a term once, so that no single
    long text names a cluster. A term goes to one cluster only, the one where it weighs most,
    and no two terms of a name share a word.

    Args:
        texts: N texts.
        labels: Cluster of each text, shape (N,), in [0, K), none empty.
        central_rows: Most central row of each cluster, from `most_central`. The beginning of
            that text stands in where a cluster has no terms (digits or emoji, for example);
            without them, the first of the cluster's texts.

    Returns:
        K names, all different.

    Raises:
        DataError: Not one label for each text, or there are none.
    """
    require(
        0 < len(texts) == len(labels),
        f"There are {len(labels)} labels for {len(texts)} texts; they should be equal, and some.",
    )
    k = int(labels.max()) + 1
    reader = TermReader(texts, labels.tolist())
    terms, weights = _term_weights(texts, labels, k, reader)
    chosen = _choose_terms(terms, weights)
    if central_rows is None:
        central_rows = [int(np.flatnonzero(labels == number)[0]) for number in range(k)]
    names: list[ClusterName] = []
    taken: set[str] = set()
    for number in range(k):
        shown = tuple(reader.surface(term) for term in chosen[number])
        name = SEPARATOR.join(shown) or _beginning(texts[central_rows[number]]) or "No words"
        names.append(ClusterName(shown, _unique(name[:1].upper() + name[1:], taken)))
    return names


def most_central(
    embeddings: NDArray[np.floating],
    labels: NDArray[np.integer],
    centers: NDArray[np.floating],
) -> list[int]:
    """Find the row of each cluster that is most similar to its centre.

    Args:
        embeddings: Matrix of shape (N, D).
        labels: Cluster of each row, shape (N,), in [0, K).
        centers: Matrix of shape (K, D).

    Returns:
        K row numbers; of equals, the first.

    Raises:
        DataError: A matrix is malformed, or a cluster has no row.
    """
    vectors, targets = unit_rows(embeddings), unit_rows(centers, "centers")
    central = []
    for number, target in enumerate(targets):
        rows = np.flatnonzero(labels == number)
        require(len(rows) > 0, f"Cluster {number} has no row.")
        central.append(int(rows[(vectors[rows] @ target).argmax()]))
    return central


def _term_weights(
    texts: Sequence[str], labels: NDArray[np.integer], k: int, reader: TermReader
) -> tuple[list[str], "csr_matrix"]:
    """Weigh all terms in all clusters; a weight of 0 keeps a term out of a name."""
    from scipy.sparse import csr_matrix
    from sklearn.feature_extraction.text import CountVectorizer

    vectorizer = CountVectorizer(analyzer=reader, binary=True, dtype=np.float32)
    try:
        occurs = vectorizer.fit_transform(texts)  # (N, T)
    except ValueError:  # what scikit-learn raises where there is no term at all
        return [], csr_matrix((k, 0), dtype=np.float32)
    members = csr_matrix((np.ones(len(labels)), (labels, np.arange(len(labels)))))  # (K, N)
    counts = (members @ occurs).tocoo()  # (K, T)
    sizes = np.bincount(labels, minlength=k)[counts.row]
    frequency = np.asarray(occurs.sum(axis=0)).ravel()[counts.col]
    mean_terms = occurs.sum() / k
    terms = vectorizer.get_feature_names_out().tolist()
    bonus = np.array([PHRASE_BONUS if PHRASE in term else 1.0 for term in terms])[counts.col]
    most = np.zeros(k)
    np.maximum.at(most, counts.row, counts.data)
    enough = counts.data >= np.maximum(LEAST_COVERAGE * most[counts.row], np.where(sizes > 3, 2, 1))
    weights = counts.data / sizes * np.log1p(mean_terms / frequency) * bonus * enough
    return terms, csr_matrix((weights, (counts.row, counts.col)), shape=(k, len(terms)))


def _choose_terms(terms: list[str], weights: "csr_matrix") -> list[list[str]]:
    """Give each cluster its terms, the heaviest of all clusters first."""
    table = weights.tocoo()
    # Of equal weights, the lower cluster and the first term in the alphabet go first.
    order = np.lexsort((table.col, table.row, -table.data))
    chosen: list[list[str]] = [[] for _ in range(weights.shape[0])]
    first_weight = np.zeros(weights.shape[0])
    taken: set[str] = set()
    for row, col, weight in zip(table.row[order], table.col[order], table.data[order], strict=True):
        name, term = chosen[row], terms[col]
        if term in taken or not _fits(term, name, weight, first_weight[row]):
            continue
        first_weight[row] = first_weight[row] or weight
        taken.add(term)
        name.append(term)
    return chosen


def _fits(term: str, name: list[str], weight: float, first_weight: float) -> bool:
    """Say whether a term may join a name: it weighs enough, has room, and repeats no word."""
    used = [word for chosen in name for word in _words(chosen)]
    least = LEAST_BESIDE_A_WORD if len(used) == 1 else LEAST_OF_FIRST
    if weight <= least * first_weight or len(name) == MOST_TERMS or len(used) >= ENOUGH_WORDS:
        return False
    return not any(_related(word, other) for word in _words(term) for other in used)


def _related(a: str, b: str) -> bool:
    """Say whether two stems are one word, or of one family: "deliv" and "deliveri"."""
    return a == b or (min(len(a), len(b)) >= FAMILY_LENGTH and (a.startswith(b) or b.startswith(a)))


def _words(term: str) -> set[str]:
    """Return the words of a term, or the characters where it is written without spaces."""
    return set(term) if is_unspaced(term) else set(term.replace(PHRASE, " ").split())


def _beginning(text: str) -> str:
    """Return the first words of a text, on one line."""
    words = text.split()
    if len(words) > SENTENCE_WORDS:
        return " ".join(words[:SENTENCE_WORDS]) + "…"
    line = " ".join(words)
    return line if len(line) <= 40 else line[:39] + "…"


def _unique(name: str, taken: set[str]) -> str:
    """Number a name that another cluster has already."""
    unique, number = name, 1
    while unique.casefold() in taken:
        number += 1
        unique = f"{name} ({number})"
    taken.add(unique.casefold())
    return unique
