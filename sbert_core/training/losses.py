"""The losses, as pure functions of tensors: no model, no text, no device of their own.

Letters: B examples in the batch, D dimensions of a sentence embedding, C candidates an anchor is
compared with, L labels. `u` and `v` are the embeddings of the two sentences of a pair.

All arithmetic is in float32, whatever the embeddings come in. The cosine of a zero vector with
anything is 0 and sends no gradient, so that one empty text cannot turn a run into NaN.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from .objective_settings import CONCATENATIONS, STRUCTURE_WEIGHT

# Euclidean: the paper's. Cosine: half of 1, the distance of two unrelated (orthogonal) texts; a
# margin of 1 could be met only by an anchor and a negative that point away from each other.
TRIPLET_MARGINS: dict[str, float] = {"euclidean": 1.0, "cosine": 0.5}

_SMALLEST_LENGTH = 1e-12  # vectors shorter than this count as zero


def pairwise_cosine(u: Tensor, v: Tensor) -> Tensor:
    """Cosine of corresponding rows: res[i] = cos(u[i], v[i]).

    Args:
        u: Float (B, D).
        v: Float (B, D).

    Returns:
        float32 (B,), in [-1, 1]; 0 where a vector is zero.
    """
    return (_unit(u) * _unit(v)).sum(dim=-1)


def cosine_matrix(u: Tensor, v: Tensor) -> Tensor:
    """Cosine of all rows with all rows: res[i][j] = cos(u[i], v[j]).

    Args:
        u: Float (B, D).
        v: Float (C, D).

    Returns:
        float32 (B, C), in [-1, 1]; 0 where a vector is zero.
    """
    return _unit(u) @ _unit(v).T


def concatenate(u: Tensor, v: Tensor, parts: Sequence[str]) -> Tensor:
    """Lay chosen combinations of two embeddings side by side, e.g. (u; v; |u - v|).

    Source: Reimers & Gurevych 2019, "Sentence-BERT" (arXiv 1908.10084), section 3 and table 6.

    Args:
        u: Float (B, D).
        v: Float (B, D).
        parts: Some of `CONCATENATIONS`; their order there decides, not the order here.

    Returns:
        float32 (B, len(parts) * D).
    """
    u, v = u.float(), v.float()
    made = {"u": u, "v": v, "|u-v|": (u - v).abs(), "u*v": u * v}
    return torch.cat([made[part] for part in CONCATENATIONS if part in parts], dim=-1)


def nli_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Softmax cross-entropy: mean over i of -log softmax(W (u_i; v_i; |u_i - v_i|))[y_i].

    Source: Reimers & Gurevych 2019 (arXiv 1908.10084), section 3, "Classification Objective
    Function". `logits` are W times what `concatenate` gives.

    Args:
        logits: Float (B, L).
        labels: int64 (B,), in [0, L).

    Returns:
        float32 scalar, in nats, at least 0.
    """
    return F.cross_entropy(logits.float(), labels)


def sts_loss(u: Tensor, v: Tensor, scores: Tensor) -> Tensor:
    """Mean squared error of the cosine: mean over i of (cos(u_i, v_i) - y_i)^2.

    Source: Reimers & Gurevych 2019 (arXiv 1908.10084), section 3, "Regression Objective
    Function".

    Args:
        u: Float (B, D).
        v: Float (B, D).
        scores: Float (B,), y in [0, 1], 1 for the same meaning.

    Returns:
        float32 scalar, at least 0.
    """
    return F.mse_loss(pairwise_cosine(u, v), scores.float())


def cosent_loss(u: Tensor, v: Tensor, scores: Tensor, scale: float = 20.0) -> Tensor:
    """Ask for the right order only: log(1 + sum over y_i < y_j of exp(scale (cos_i - cos_j))).

    Source: Su 2022, "CoSENT" (https://kexue.fm/archives/8847); Huang et al. 2024 (IEEE/ACM TASLP,
    doi 10.1109/TASLP.2024.3402087). It fits Spearman's correlation, which knows only order, better
    than `sts_loss` does.

    Args:
        u: Float (B, D).
        v: Float (B, D).
        scores: Float (B,), y, larger for more similar, on any scale.
        scale: Inverse temperature. Larger cares more about the worst mistakes.

    Returns:
        float32 scalar, at least 0; 0 where all scores are the same.
    """
    cosine = pairwise_cosine(u, v)
    difference = scale * (cosine[:, None] - cosine[None, :])  # (B, B)
    should_rise = scores[:, None] < scores[None, :]
    terms = difference.masked_fill(~should_rise, float("-inf")).flatten()
    return torch.cat([cosine.new_zeros(1), terms]).logsumexp(dim=0)  # exp(0) is the 1


def triplet_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float | None = None,
    distance: str = "euclidean",
) -> Tensor:
    """Keep negatives at a distance: mean over i of max(d(a_i, p_i) - d(a_i, n_i) + margin, 0).

    Source: Reimers & Gurevych 2019 (arXiv 1908.10084), section 3, "Triplet Objective Function",
    with d(x, y) = |x - y| and margin 1. The cosine form has d(x, y) = 1 - cos(x, y).

    Args:
        anchor: Float (B, D).
        positive: Float (B, D).
        negative: Float (B, D).
        margin: How much farther the negative should be. None takes `TRIPLET_MARGINS`: 1 for the
            Euclidean distance; 0.5 for the cosine, half of the distance of unrelated texts.
        distance: One of `DISTANCES`.

    Returns:
        float32 scalar, at least 0.
    """
    if margin is None:
        margin = TRIPLET_MARGINS[distance]
    near, far = _distance(anchor, positive, distance), _distance(anchor, negative, distance)
    return F.relu(near - far + margin).mean()


def contrastive_loss(
    u: Tensor, v: Tensor, labels: Tensor, margin: float = 0.5, online: bool = False
) -> Tensor:
    """Pull similar pairs together and push others apart, up to a margin.

    With d = 1 - cos(u, v) and y = 1 for a similar pair, the mean over the batch of
    1/2 (y d^2 + (1 - y) max(margin - d, 0)^2).

    Source: Hadsell, Chopra & LeCun 2006, "Dimensionality Reduction by Learning an Invariant
    Mapping" (CVPR, doi 10.1109/CVPR.2006.100), equation 4; the cosine distance and the default
    margin are those of sentence-transformers' ContrastiveLoss. `online` follows its
    OnlineContrastiveLoss: only similar pairs farther apart than the nearest other pair, and other
    pairs nearer than the farthest similar one, and the sum of (no half of) their squares.

    Args:
        u: Float (B, D).
        v: Float (B, D).
        labels: Integer or bool (B,), 1 for a similar pair, 0 for another.
        margin: Cosine distance in [0, 2] beyond which other pairs are left alone.
        online: Whether only the hard pairs count.

    Returns:
        float32 scalar, at least 0.
    """
    distances = 1 - pairwise_cosine(u, v)  # (B,)
    similar = labels.bool()
    pull, push = distances.square(), F.relu(margin - distances).square()
    if not online:
        return torch.where(similar, pull, push).mean() / 2
    near, far = distances[similar], distances[~similar]
    # Where one kind is missing from the batch, the mean of the other says what is hard.
    hard_far = far < (near.max() if len(near) else far.mean())
    hard_near = near > (far.min() if len(far) else near.mean())
    return pull[similar][hard_near].sum() + push[~similar][hard_far].sum()


def mnrl_loss(
    anchors: Tensor,
    positives: Tensor,
    negatives: Tensor | None = None,
    scale: float = 20.0,
    ignore: Tensor | None = None,
) -> Tensor:
    """Find one's own positive among all: mean of -log(exp(s cos(a_i, c_i)) / sum_j exp(s cos)).

    The candidates c_j are the positives of the whole batch, then its hard negatives. Sources:
    Henderson et al. 2017 (arXiv 1705.00652), section 4.4; van den Oord et al. 2018 (arXiv
    1807.03748), equation 4. Equal to sentence-transformers' MultipleNegativesRankingLoss.

    Args:
        anchors: Float (B, D).
        positives: Float (B, D); row i belongs to anchor i.
        negatives: Float (B, D), hard negatives, or None.
        scale: Inverse temperature s. Larger looks harder at the nearest wrong candidates.
        ignore: bool (B, C), True for candidates to leave out, as `false_negatives` finds them;
            never an anchor's own positive.

    Returns:
        float32 scalar, in nats, at least 0.
    """
    candidates = positives if negatives is None else torch.cat([positives, negatives])  # (C, D)
    similarities = scale * cosine_matrix(anchors, candidates)  # (B, C)
    if ignore is not None:
        similarities = similarities.masked_fill(ignore, float("-inf"))
    own = torch.arange(len(anchors), device=anchors.device)
    return F.cross_entropy(similarities, own)


def false_negatives(text_ids: Tensor) -> Tensor:
    """Find candidates that only look like negatives, because a text occurs in the batch twice.

    Args:
        text_ids: int64 (B, R), R = 2 for anchor and positive, 3 with a negative; equal numbers
            are equal texts.

    Returns:
        bool (B, C) with C = (R - 1) * B in the order of `mnrl_loss`: True where the candidate is
        the anchor itself, the anchor's own positive in another place, or the positive of the same
        anchor in another row. Never True in the place of the anchor's own positive.
    """
    anchor, positive = text_ids[:, :1], text_ids[:, 1:2]  # (B, 1) each
    candidates = text_ids[:, 1:].T.reshape(1, -1)  # (1, C), role by role
    alike = (candidates == anchor) | (candidates == positive)  # (B, C)
    rows = len(text_ids)
    alike[:, :rows] |= anchor == anchor.T
    alike[:, :rows].fill_diagonal_(False)
    return alike


def simcse_loss(
    z1: Tensor, z2: Tensor, temperature: float = 0.05, ignore: Tensor | None = None
) -> Tensor:
    """Find one's own second view: mean of -log(exp(cos(z_i, z'_i) / t) / sum_j exp(cos / t)).

    Source: Gao, Yao & Chen 2021, "SimCSE" (arXiv 2104.08821), equations 1 and 4. The two views
    are the same sentences, embedded twice; only dropout differs.

    Args:
        z1: Float (B, D).
        z2: Float (B, D), the same sentences again.
        temperature: t. Smaller looks harder at the nearest other sentences.
        ignore: bool (B, B), True for sentences to leave out since they are the same text.

    Returns:
        float32 scalar, in nats, at least 0.
    """
    return mnrl_loss(z1, z2, scale=1 / temperature, ignore=ignore)


def distill_loss(
    student: Tensor,
    teacher: Tensor,
    projected: Tensor | None = None,
    structure_weight: float = STRUCTURE_WEIGHT,
) -> Tensor:
    """Match a teacher's vectors, and which texts it finds similar.

    mean over i of (1 - cos(P s_i, t_i))
        + structure_weight * mean over i != j of (cos(s_i, s_j) - cos(t_i, t_j))^2

    Sources: Reimers & Gurevych 2020 (arXiv 2004.09813) for learning a teacher's vectors; Tung &
    Mori 2019 (arXiv 1907.09682) for learning its in-batch similarities. The second term compares
    the student's own vectors, before the projection P, since these are what will be used.

    The default weight makes both terms of like size. Take vectors at cosine 1 - e to their
    teachers', the errors in random directions of d dimensions: cosines between pairs are then off
    by 4 e / d squared, so the ratio of the terms is d / 4, about 100 for d = 384. Errors of a
    small student are not random: for vectors of all-MiniLM-L6-v2 over STS sentences, cut to their
    32 and 64 main directions, 1 - cos is 0.29 and 0.16, and 24 and 58 times the second term.

    Args:
        student: Float (B, D), the student's vectors.
        teacher: Float (B, D_teacher).
        projected: Float (B, D_teacher), the student's vectors in the teacher's space; None where
            both have the same dimensions and are compared as they are.
        structure_weight: Larger cares more about similarities between texts than about the
            vectors themselves; 0 leaves them out.

    Returns:
        float32 scalar, at least 0.
    """
    direct = 1 - pairwise_cosine(student if projected is None else projected, teacher).mean()
    error = (cosine_matrix(student, student) - cosine_matrix(teacher, teacher)).square()  # (B, B)
    others = error.sum() - error.diagonal().sum()
    pairs = max(1, len(student) * (len(student) - 1))  # a batch of one has no pairs: the sum is 0
    return direct + structure_weight * others / pairs


def cross_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Loss of a cross-encoder, which reads both sentences of a pair at once.

    Scores y in [0, 1], binary cross-entropy: mean of -y log p - (1 - y) log(1 - p) with
    p = sigmoid(logit), as in sentence-transformers' BinaryCrossEntropyLoss. Classes: softmax
    cross-entropy, as for BERT itself (Devlin et al. 2019, arXiv 1810.04805, section 4.1).

    Args:
        logits: Float (B, 1) or (B,) for scores, (B, L) for classes.
        labels: Float (B,), scores; or int64 (B,), classes in [0, L).

    Returns:
        float32 scalar, in nats, at least 0.
    """
    if labels.is_floating_point():
        return F.binary_cross_entropy_with_logits(logits.float().view(-1), labels.float())
    return F.cross_entropy(logits.float(), labels)


def _unit(x: Tensor) -> Tensor:
    """Scale rows to length 1 in float32; zero rows stay zero and send no gradient."""
    x = x.float()
    length = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
    # Dividing by a small number instead would give a zero row a gradient of that size inverted.
    return x / length.masked_fill(length < _SMALLEST_LENGTH, float("inf"))


def _distance(u: Tensor, v: Tensor, distance: str) -> Tensor:
    """Distance of corresponding rows: float32 (B,)."""
    if distance == "cosine":
        return 1 - pairwise_cosine(u, v)
    return torch.linalg.vector_norm(u.float() - v.float(), dim=-1)  # its gradient at 0 is 0
