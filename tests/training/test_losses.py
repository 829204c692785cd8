"""Losses: numbers worked out by hand, the reference's numbers, and what must hold for any."""

import itertools
import math

import pytest
import torch
from sentence_transformers.sentence_transformer import losses as reference
from torch.nn import functional as F

from sbert_core.training import losses
from sbert_core.training.objective_settings import CONCATENATIONS

TOLERANCE = 1e-6


def drawn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def close(ours, theirs, tolerance=TOLERANCE):
    torch.testing.assert_close(ours, torch.as_tensor(theirs), rtol=tolerance, atol=tolerance)


def at_angle(*degrees):
    """Unit vectors in the plane: (B, 2)."""
    angles = torch.deg2rad(torch.tensor(degrees, dtype=torch.float32))
    return torch.stack([angles.cos(), angles.sin()], dim=1)


def gradients(loss, *tensors):
    loss.backward()
    return [tensor.grad for tensor in tensors]


class Reference(torch.nn.Module):
    """As much of a SentenceTransformer as its losses ask for."""

    device = torch.device("cpu")


# --- cosine --------------------------------------------------------------------------------------


def test_a_zero_vector_has_cosine_0_and_sends_no_gradient():
    u = torch.tensor([[0.0, 0.0], [3.0, 4.0]], requires_grad=True)
    v = torch.tensor([[1.0, 0.0], [0.0, 2.0]], requires_grad=True)
    cosine = losses.pairwise_cosine(u, v)
    close(cosine, [0.0, 0.8])
    for gradient in gradients(cosine.sum(), u, v):
        assert torch.isfinite(gradient).all()
    assert not u.grad[0].any() and not v.grad[0].any()
    assert u.grad[1].any()


def test_the_cosine_of_tiny_vectors_is_that_of_large_ones():
    u, v = drawn(4, 8), drawn(4, 8, seed=1)
    close(losses.pairwise_cosine(1e-9 * u, v), losses.pairwise_cosine(u, v))


def test_the_cosine_matrix_agrees_with_the_pairs_and_is_float32():
    u, v = drawn(4, 8), drawn(3, 8, seed=1)
    matrix = losses.cosine_matrix(u.bfloat16(), v)
    assert matrix.dtype == torch.float32
    close(matrix[2, 1], losses.pairwise_cosine(u.bfloat16(), v[[1, 1, 1, 1]])[2])


# --- nli -----------------------------------------------------------------------------------------


def test_concatenation_by_hand_and_in_the_order_of_the_names():
    u, v = torch.tensor([[1.0, -2.0]]), torch.tensor([[3.0, 1.0]])
    close(losses.concatenate(u, v, CONCATENATIONS), [[1.0, -2, 3, 1, 2, 3, 3, -2]])
    close(losses.concatenate(u, v, ("u*v", "u")), [[1.0, -2, 3, -2]])


def test_nli_by_hand():
    logits = torch.tensor([[1.0, 0.0, 0.0], [0.0, 2.0, 0.0]])
    labels = torch.tensor([0, 2])
    first = -math.log(math.e / (math.e + 2))
    second = -math.log(1 / (math.e**2 + 2))
    close(losses.nli_loss(logits, labels), (first + second) / 2)


def test_nli_equals_the_reference():
    u, v, labels = drawn(6, 5), drawn(6, 5, seed=1), torch.tensor([0, 1, 2, 0, 1, 2])
    theirs = reference.SoftmaxLoss(Reference(), 5, 3, concatenation_sent_multiplication=True)
    features = losses.concatenate(u, v, CONCATENATIONS)
    logits = F.linear(features, theirs.classifier.weight, theirs.classifier.bias)
    parts = torch.cat([u, v, (u - v).abs(), u * v], dim=1)
    expected = theirs.loss_fct(theirs.classifier(parts), labels)
    close(losses.nli_loss(logits, labels), expected)


# --- sts -----------------------------------------------------------------------------------------


def test_sts_by_hand():
    u, v = at_angle(0, 0), at_angle(60, 90)  # cosines 0.5 and 0
    close(losses.sts_loss(u, v, torch.tensor([1.0, 0.2])), (0.25 + 0.04) / 2)


def test_cosent_by_hand():
    u, v = at_angle(0, 0, 0), at_angle(60, 90, 0)  # cosines 0.5, 0 and 1
    scores = torch.tensor([0.0, 0.5, 0.5])
    # Only the first should be below the others; the two of equal score are not compared.
    expected = math.log(1 + math.exp(2 * (0.5 - 0)) + math.exp(2 * (0.5 - 1)))
    close(losses.cosent_loss(u, v, scores, scale=2.0), expected)


def test_sts_and_cosent_equal_the_reference():
    u, v = drawn(9, 7), drawn(9, 7, seed=1)
    scores = torch.tensor([0.0, 0.1, 0.1, 0.4, 0.4, 0.4, 0.9, 1.0, 0.2])
    theirs = reference.CosineSimilarityLoss(Reference())
    close(losses.sts_loss(u, v, scores), theirs.compute_loss_from_embeddings([u, v], scores))
    theirs = reference.CoSENTLoss(Reference(), scale=20.0)
    close(losses.cosent_loss(u, v, scores), theirs.compute_loss_from_embeddings([u, v], scores))


def test_cosent_knows_order_only():
    u, v, scores = drawn(6, 7), drawn(6, 7, seed=1), torch.rand(6)
    close(losses.cosent_loss(u, v, scores), losses.cosent_loss(u, v, 5 * scores + 3))


def test_cosent_without_order_is_0_and_can_be_learned_from():
    u = drawn(4, 3).requires_grad_()
    loss = losses.cosent_loss(u, drawn(4, 3, seed=1), torch.full((4,), 0.5))
    assert loss == 0
    assert not gradients(loss, u)[0].any()


# --- triplet -------------------------------------------------------------------------------------


def test_triplet_by_hand():
    a = torch.tensor([[0.0, 0.0], [0.0, 0.0]])
    p = torch.tensor([[3.0, 4.0], [0.0, 1.0]])  # distances 5 and 1
    n = torch.tensor([[0.0, 5.5], [0.0, 9.0]])  # distances 5.5 and 9
    close(losses.triplet_loss(a, p, n), (0.5 + 0) / 2)
    close(losses.triplet_loss(a, p, n, margin=10.0), (9.5 + 2) / 2)
    a, p, n = at_angle(0), at_angle(90), at_angle(60)  # cosine distances 1 and 0.5
    close(losses.triplet_loss(a, p, n, distance="cosine"), 0.5 + 0.5)


@pytest.mark.parametrize("name", ["euclidean", "cosine"])
def test_triplet_equals_the_reference(name):
    metric = getattr(reference.TripletDistanceMetric, name.upper())
    columns = [drawn(8, 4, seed=seed) for seed in range(3)]
    theirs = reference.TripletLoss(Reference(), distance_metric=metric, triplet_margin=0.3)
    expected = theirs.compute_loss_from_embeddings(columns, None)
    close(losses.triplet_loss(*columns, margin=0.3, distance=name), expected)


def test_triplet_of_equal_embeddings_has_finite_gradients():
    a = drawn(3, 4).requires_grad_()
    (gradient,) = gradients(losses.triplet_loss(a, a.detach().clone(), drawn(3, 4, seed=1), 9.0), a)
    assert torch.isfinite(gradient).all() and gradient.any()


# --- contrastive ---------------------------------------------------------------------------------


def test_contrastive_by_hand():
    u, v = at_angle(0, 0, 0), at_angle(60, 60, 0)  # distances 0.5, 0.5 and 0
    labels = torch.tensor([1, 0, 0])
    expected = (0.5**2 + (0.75 - 0.5) ** 2 + 0.75**2) / (2 * 3)
    close(losses.contrastive_loss(u, v, labels, margin=0.75), expected)


def test_online_contrastive_by_hand():
    # Similar pairs at distances 0 and 1, others at 0.5 and 2: hard are 1 (> 0.5) and 0.5 (< 1).
    u, v = at_angle(0, 0, 0, 0), at_angle(0, 90, 60, 180)
    labels = torch.tensor([1, 1, 0, 0])
    expected = 1.0**2 + (0.75 - 0.5) ** 2
    close(losses.contrastive_loss(u, v, labels, margin=0.75, online=True), expected)


@pytest.mark.parametrize("labels", [[1, 0, 1, 0, 1, 1, 0], [1] * 7, [0] * 7])
def test_contrastive_equals_the_reference(labels):
    u = drawn(7, 5)
    v, labels = u + 0.8 * drawn(7, 5, seed=1), torch.tensor(labels)
    theirs = reference.ContrastiveLoss(Reference(), margin=0.6)
    expected = theirs.compute_loss_from_embeddings([u, v], labels)
    close(losses.contrastive_loss(u, v, labels, margin=0.6), expected)
    theirs = reference.OnlineContrastiveLoss(Reference(), margin=0.6)
    expected = theirs.compute_loss_from_embeddings([u, v], labels)
    assert expected > 0
    close(losses.contrastive_loss(u, v, labels, margin=0.6, online=True), expected)


# --- mnrl ----------------------------------------------------------------------------------------


def test_mnrl_by_hand():
    anchors, positives = at_angle(0, 90), at_angle(60, 90)
    # Cosines with the scale of 2: row 0 has 1 and 0; row 1 has sqrt(3) and 2.
    first = -math.log(math.e / (math.e + 1))
    second = -math.log(math.exp(2) / (math.exp(2) + math.exp(math.sqrt(3))))
    close(losses.mnrl_loss(anchors, positives, scale=2.0), (first + second) / 2)


@pytest.mark.parametrize("roles", [2, 3])
def test_mnrl_equals_the_reference(roles):
    columns = [drawn(6, 5, seed=seed) for seed in range(roles)]
    theirs = reference.MultipleNegativesRankingLoss(Reference(), scale=20.0)
    close(losses.mnrl_loss(*columns), theirs.compute_loss_from_embeddings(columns, None), 1e-5)


def test_mnrl_falls_as_the_positive_moves_closer():
    anchors, positives = at_angle(0), at_angle(0, 70, 200)
    series = []
    for degrees in (120, 90, 60, 30, 0):
        positives[0] = at_angle(degrees)[0]
        series.append(losses.mnrl_loss(anchors, positives).item())
    assert all(later < earlier for earlier, later in itertools.pairwise(series))


@pytest.mark.parametrize("roles", [2, 3])
def test_mnrl_does_not_depend_on_the_order_of_examples(roles):
    columns = [drawn(6, 5, seed=seed) for seed in range(roles)]
    order = torch.tensor([3, 0, 5, 1, 4, 2])
    close(losses.mnrl_loss(*[column[order] for column in columns]), losses.mnrl_loss(*columns))


def test_mnrl_leaves_out_what_it_is_told_to():
    anchors, positives, negatives = (drawn(4, 5, seed=seed) for seed in range(3))
    ignore = torch.zeros(4, 8, dtype=torch.bool)
    ignore[:, 4:] = True
    without = losses.mnrl_loss(anchors, positives)
    close(losses.mnrl_loss(anchors, positives, negatives, ignore=ignore), without)
    assert losses.mnrl_loss(anchors, positives, negatives) > without


def test_false_negatives_by_hand():
    text_ids = torch.tensor(
        [
            [10, 20, 30],
            [11, 10, 20],  # its positive is the anchor of row 0, its negative row 0's positive
            [12, 20, 31],  # shares the positive of row 0
            [10, 21, 11],  # shares the anchor of row 0; its negative is the anchor of row 1
            [13, 23, 23],  # its own negative is its own positive
        ]
    )
    found = losses.false_negatives(text_ids)
    assert found.dtype == torch.bool and found.shape == (5, 10)
    places = {tuple(place) for place in found.nonzero().tolist()}
    assert places == {
        (0, 1),  # the anchor itself
        (0, 2),  # its own positive in another place
        (0, 3),  # the positive of the same anchor
        (0, 6),  # its own positive, as a negative of row 1
        (1, 8),  # the anchor itself, as a negative of row 3
        (2, 0),
        (2, 6),
        (3, 0),
        (3, 1),
        (4, 9),
    }


def test_texts_that_occur_once_have_no_false_negatives():
    assert not losses.false_negatives(torch.arange(12).view(4, 3)).any()


def test_a_pair_of_the_same_text_keeps_its_own_place():
    found = losses.false_negatives(torch.tensor([[1, 1], [2, 2]]))
    assert not found.any()


# --- simcse --------------------------------------------------------------------------------------


def test_simcse_by_hand():
    z1, z2 = at_angle(0, 90), at_angle(0, 60)
    # Cosines over a temperature of 0.5: row 0 has 2 and 1; row 1 has 0 and sqrt(3).
    first = -math.log(math.exp(2) / (math.exp(2) + math.e))
    second = -math.log(math.exp(math.sqrt(3)) / (math.exp(math.sqrt(3)) + 1))
    close(losses.simcse_loss(z1, z2, temperature=0.5), (first + second) / 2)


def test_simcse_of_a_collapsed_model_is_the_logarithm_of_the_batch():
    same = torch.ones(8, 3)
    close(losses.simcse_loss(same, same), math.log(8))


# --- distill -------------------------------------------------------------------------------------


def test_distill_by_hand():
    student, teacher = at_angle(0, 90), at_angle(60, 90)
    # 1 - cos: 0.5 and 0. The student finds the two at cosine 0, the teacher at sqrt(3) / 2.
    close(losses.distill_loss(student, teacher, structure_weight=0.0), 0.25)
    close(losses.distill_loss(student, teacher, structure_weight=2.0), 0.25 + 2 * 0.75)


def test_distill_compares_projected_vectors_but_the_students_own_structure():
    student, teacher = drawn(5, 3), drawn(5, 4, seed=1)
    turned = teacher @ torch.linalg.qr(drawn(4, 4, seed=2))[0]
    close(losses.distill_loss(student, teacher, teacher, structure_weight=0.0), 0.0)
    assert losses.distill_loss(student, teacher, teacher, structure_weight=1.0) > 0.01
    # Turned about, a teacher's space keeps its structure, so only the first term sees it.
    close(losses.distill_loss(turned, teacher, teacher, structure_weight=1.0), 0.0, 1e-5)


def test_distill_of_a_batch_of_one_has_no_structure():
    student, teacher = drawn(1, 3).requires_grad_(), drawn(1, 3, seed=1)
    loss = losses.distill_loss(student, teacher)
    close(loss.detach(), 1 - losses.pairwise_cosine(student, teacher).item())
    assert torch.isfinite(gradients(loss, student)[0]).all()


def test_the_terms_of_distill_are_of_like_size_for_a_student_of_half_the_teachers_directions():
    spread = torch.linspace(3, 0.5, 64)  # as in real embeddings, some directions matter more
    teacher = drawn(256, 64) * spread
    student = teacher * (torch.arange(64) < 16)
    direct = losses.distill_loss(student, teacher, structure_weight=0.0)
    both = losses.distill_loss(student, teacher)
    assert 0.2 < (both - direct) / direct < 5


# --- cross ---------------------------------------------------------------------------------------


def test_cross_by_hand():
    logits, scores = torch.tensor([[0.0], [2.0]]), torch.tensor([1.0, 0.25])
    p = 1 / (1 + math.exp(-2))
    expected = (math.log(2) - 0.25 * math.log(p) - 0.75 * math.log(1 - p)) / 2
    close(losses.cross_loss(logits, scores), expected)
    close(losses.cross_loss(torch.tensor([[1.0, 0.0]]), torch.tensor([1])), math.log(1 + math.e))


# --- all -----------------------------------------------------------------------------------------

PAIRED = {
    "sts": lambda u, v: losses.sts_loss(u, v, torch.linspace(0, 1, 6)),
    "cosent": lambda u, v: losses.cosent_loss(u, v, torch.linspace(0, 1, 6)),
    "contrastive": lambda u, v: losses.contrastive_loss(u, v, torch.tensor([0, 1] * 3)),
    "online": lambda u, v: losses.contrastive_loss(u, v, torch.tensor([0, 1] * 3), online=True),
    "triplet": lambda u, v: losses.triplet_loss(u, v, v.flip(0), distance="cosine"),
    "mnrl": losses.mnrl_loss,
    "simcse": losses.simcse_loss,
    "distill": losses.distill_loss,
}


@pytest.mark.parametrize("name", PAIRED)
def test_every_loss_bears_zero_vectors_and_bfloat16(name):
    u = drawn(6, 5).bfloat16()
    u[2] = 0
    u, v = u.requires_grad_(), drawn(6, 5, seed=1).bfloat16()
    loss = PAIRED[name](u, v)
    assert loss.dtype == torch.float32 and torch.isfinite(loss)
    assert torch.isfinite(gradients(loss, u)[0]).all()


@pytest.mark.parametrize("name", PAIRED)
def test_losses_of_the_cosine_know_no_lengths(name):
    u, v = drawn(6, 5), drawn(6, 5, seed=1)
    close(PAIRED[name](7 * u, v), PAIRED[name](u, v), 1e-5)
