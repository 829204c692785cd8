"""Both learners behind one face: batches, similarities, vectors, and what they save."""

import numpy as np
import pytest
import sentence_transformers
import torch

from sbert_core.encoders.catalog import resolve
from sbert_core.encoders.cross_encoder import CrossEncoder
from sbert_core.encoders.encoder import SentenceEncoder
from sbert_core.training.config import TrainConfig
from sbert_core.training.examples import Examples
from sbert_core.training.learners import CrossLearner, SiameseLearner
from sbert_core.training.objectives import make_objective
from sbert_core.training.trainer import Trainer

A = ["the cat sat", "my dog", "where is my card", ""]
B = ["the dog sat", "my dog", "is it on the mat", "the"]
NLI = ("contradiction", "entailment", "neutral")
SCORED = Examples("scored_pairs", (tuple(A), tuple(B)), np.array([0, 1, 0.5, 0.1], np.float32))
LABELLED = Examples("labelled_pairs", (tuple(A), tuple(B)), np.array([0, 1, 2, 0]), NLI)


def cosine(u, v):
    return (u * v).sum(axis=1) / np.linalg.norm(u, axis=1) / np.linalg.norm(v, axis=1)


def train(learner, objective, examples, folder, steps=3, low=None):
    config = TrainConfig(epochs=9, batch_size=4, learning_rate=1e-3, max_steps=steps)
    objective = make_objective(objective, learner.dims, {}, examples.label_names)
    batches = learner.batches(examples, None)
    return Trainer(learner.network, objective, batches, config, folder, low=low).run()


def test_a_siamese_learner_compares_by_cosine(encoder):
    learner = SiameseLearner(encoder)
    u, v = encoder.encode(A), encoder.encode(B)
    np.testing.assert_allclose(learner.similarities(A, B), cosine(u, v), atol=1e-6)
    assert learner.similarities(A, B)[1] == pytest.approx(1.0, abs=1e-6)
    assert learner.dims == learner.vectors(A).shape[1] == 32


def test_a_vector_of_zeros_is_like_nothing(encoder):
    learner = SiameseLearner(encoder)
    with torch.no_grad():
        last = encoder.model.backbone.encoder.layer[-1].output.LayerNorm
        last.weight.zero_()
        last.bias.zero_()
    assert learner.similarities(A, B).tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("low", [False, True])
def test_training_moves_the_siamese_weights_and_what_is_saved_loads(encoder, tmp_path, low):
    learner = SiameseLearner(encoder)
    before = learner.similarities(A, B)
    train(learner, "sts", SCORED, tmp_path / "run", low=learner.backbone if low else None)
    after = learner.similarities(A, B)
    assert np.abs(after - before).max() > 1e-3
    learner.save(tmp_path / "model")
    ours = SentenceEncoder.load(resolve(str(tmp_path / "model")), "cpu", "fp32")
    np.testing.assert_allclose(ours.encode(A), encoder.encode(A), atol=1e-6)
    theirs = sentence_transformers.SentenceTransformer(str(tmp_path / "model"), device="cpu")
    vectors = theirs.encode([*A, *B], show_progress_bar=False)
    np.testing.assert_allclose(cosine(vectors[:4], vectors[4:]), after, atol=1e-5)


def test_a_cross_learner_of_scores_judges_between_0_and_1(tiny_bert, tmp_path):
    learner = CrossLearner(CrossEncoder.start(tiny_bert, 1, seed=1), "cpu")
    before = learner.similarities(A, B)
    assert before.shape == (4,) and ((before > 0) & (before < 1)).all()
    assert (learner.vectors(A), learner.dims) == (None, 0)
    train(learner, "cross", SCORED, tmp_path / "run")
    after = learner.similarities(A, B)
    assert np.abs(after - before).max() > 1e-3
    learner.save(tmp_path / "model")
    theirs = sentence_transformers.CrossEncoder(str(tmp_path / "model"), device="cpu")
    scores = theirs.predict(list(zip(A, B, strict=True)), show_progress_bar=False)
    np.testing.assert_allclose(scores, after, atol=1e-5)


def test_a_cross_learner_of_labels_weighs_sameness_by_probability(tiny_bert, tmp_path):
    learner = CrossLearner(CrossEncoder.start(tiny_bert, 3, NLI, seed=1), "cpu")
    train(learner, "cross", LABELLED, tmp_path)
    logits = learner.encoder.predict(list(zip(A, B, strict=True)))
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(
        learner.similarities(A, B), chances[:, 1] + 0.5 * chances[:, 2], atol=1e-6
    )
