"""The trainer: its schedule in numbers, what it keeps, and that a killed run loses nothing."""

import json
import math
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from sbert_core.errors import Cancelled, DataError
from sbert_core.evaluation.sts import spearman
from sbert_core.training.config import TrainConfig
from sbert_core.training.examples import Examples
from sbert_core.training.learners import SiameseLearner
from sbert_core.training.objectives import make_objective
from sbert_core.training.trainer import Trainer
from tests.encoders.tiny_models import WORDS

from .toy import EXAMPLES, TOY, ToyBatches, ToyModel, ToyObjective, toy_trainer, without_clocks

ROOT = Path(__file__).resolve().parents[2]


def history_of(folder):
    lines = (Path(folder) / "history.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def weights_of(trainer):
    return torch.cat([p.detach().reshape(-1) for p in trainer._together.parameters()])


def stop_before(step):
    def progress(done, total, message=""):
        if done == step:
            raise Cancelled("stopped")

    return progress


# --- the steps ------------------------------------------------------------------------------


def test_the_rate_rises_linearly_over_a_tenth_and_falls_linearly_to_zero(tmp_path):
    trainer = toy_trainer(tmp_path, replace(TOY, epochs=10, max_steps=20, learning_rate=0.18))
    assert trainer.total_steps == 20
    rates = [trainer.learning_rate(step) for step in range(20)]
    np.testing.assert_allclose(rates[:4], [0.09, 0.18, 0.18, 0.17], atol=1e-12)
    np.testing.assert_allclose(rates[11], 0.09, atol=1e-12)
    np.testing.assert_allclose(rates[19], 0.01, atol=1e-12)
    assert min(rates) > 0


def test_without_warm_up_the_first_step_is_at_the_peak(tmp_path):
    trainer = toy_trainer(tmp_path, replace(TOY, warmup=0.0))
    assert trainer.learning_rate(0) == TOY.learning_rate


def test_every_step_is_taken_at_the_rate_of_the_schedule(tmp_path):
    trainer = toy_trainer(tmp_path)
    used = []
    trainer.optimizer.register_step_pre_hook(
        lambda optimizer, *_: used.append([group["lr"] for group in optimizer.param_groups])
    )
    trainer.run()
    assert used == [[trainer.learning_rate(step)] * 2 for step in range(trainer.total_steps)]


def test_matrices_decay_and_biases_do_not(tmp_path):
    trainer = toy_trainer(tmp_path, replace(TOY, weight_decay=0.3))
    decayed, free = trainer.optimizer.param_groups
    assert (decayed["weight_decay"], free["weight_decay"]) == (0.3, 0.0)
    assert sorted(p.ndim for p in decayed["params"]) == [2, 2]
    assert sorted(p.ndim for p in free["params"]) == [1, 1, 1]  # the objective's own among them


def test_two_batches_of_four_are_one_of_eight(tmp_path):
    """Without dropout, for a loss that is a mean over examples; twice the gradient shows."""
    seen = {}
    for batch_size, accumulate in ((8, 1), (4, 2)):
        config = TrainConfig(batch_size=batch_size, accumulate=accumulate, max_steps=1)
        trainer = Trainer(ToyModel(0.0), ToyObjective(), ToyBatches(8), config, tmp_path / "x")
        gradients = []
        trainer.optimizer.register_step_pre_hook(
            lambda *_, t=trainer, g=gradients: g.extend(p.grad for p in t._together.parameters())
        )
        trainer._step()
        seen[batch_size] = (torch.cat([g.reshape(-1) for g in gradients]), trainer.state)
    torch.testing.assert_close(seen[8][0], seen[4][0], rtol=1e-5, atol=1e-6)
    assert seen[8][1].losses == pytest.approx(seen[4][1].losses, rel=1e-6)
    assert seen[8][1].sentences == seen[4][1].sentences == 8


@pytest.mark.parametrize("longest", [0.5, 1e9])
def test_long_gradients_are_cut(tmp_path, longest):
    trainer = toy_trainer(tmp_path, replace(TOY, max_grad_norm=longest))
    lengths = []
    trainer.optimizer.register_step_pre_hook(
        lambda *_: lengths.append(
            math.sqrt(sum((p.grad**2).sum().item() for p in trainer._together.parameters()))
        )
    )
    trainer._step()
    assert lengths[0] == pytest.approx(0.5, rel=1e-4) if longest == 0.5 else lengths[0] > 0.6


def test_an_epoch_meets_every_example_once(tmp_path):
    trainer = toy_trainer(tmp_path, replace(TOY, accumulate=4))
    assert trainer.steps_per_epoch == 2  # 6 batches: one of 4, one of 2
    for epoch in range(2):
        places = [trainer._places(2 * epoch + step) for step in range(2)]
        assert sorted(np.concatenate([p for step in places for p in step])) == [*range(EXAMPLES)]


def test_chance_outside_goes_on_as_if_nothing_had_been(tmp_path):
    torch.manual_seed(3)
    before = torch.get_rng_state()
    trainer = toy_trainer(tmp_path)
    torch.manual_seed(3)
    trainer.run()
    assert torch.equal(torch.get_rng_state(), before)


# --- watching -------------------------------------------------------------------------------


def scripted(tmp_path, scores, **config):
    """A run whose evaluations give scores from a list, with the weights it had at each."""
    trainer = toy_trainer(tmp_path, replace(TOY, evaluate_every=2, **config))
    weights = {}

    def evaluate(step):
        assert not trainer.model.training
        weights[step] = weights_of(trainer).clone()
        return {"dev_spearman": scores[step // 2]}

    trainer.evaluate = evaluate
    return trainer, weights


def test_the_weights_of_the_best_evaluation_are_kept(tmp_path):
    trainer, weights = scripted(tmp_path, [99, 1, 5, 9, 3, 4, 2, 0, 8, 8])
    state = trainer.run()
    assert (state.step, state.best_step, state.best_score) == (18, 6, 9)  # the base does not count
    assert torch.equal(weights_of(trainer), weights[6])
    assert not torch.equal(weights[6], weights[18])


def test_it_stops_when_nothing_has_become_better_for_a_while(tmp_path):
    trainer, weights = scripted(tmp_path, [0, 1, 5, 3, 4, 9, 9, 9, 9, 9], patience=2)
    state = trainer.run()
    assert (state.step, state.best_step) == (8, 4)
    assert torch.equal(weights_of(trainer), weights[4])
    # Asked again, it is still stopped.
    again, _ = scripted(tmp_path, [0] * 10, patience=2)
    assert again.run().step == 8


def test_without_an_evaluation_the_last_weights_are_kept(tmp_path):
    trainer = toy_trainer(tmp_path, evaluate=False)
    state = trainer.run()
    assert (state.step, state.best_step) == (18, 0)
    kept = torch.load(tmp_path / "checkpoint.pt", weights_only=True)["weights"]
    assert torch.equal(weights_of(trainer), torch.cat([w.reshape(-1) for w in kept.values()]))


def test_the_history_begins_with_the_base_and_says_how_fast(tmp_path):
    trainer = toy_trainer(tmp_path)
    measure = trainer.evaluate

    def slow(step):
        time.sleep(0.2)
        return measure(step)

    trainer.evaluate = slow
    trainer.config = replace(TOY, max_steps=3)
    trainer.total_steps = 3
    state = trainer.run()
    first, *rest = state.history
    assert (first["step"], "loss" in first, "dev_spearman" in first) == (0.0, False, True)
    assert [entry["step"] for entry in rest] == [1.0, 2.0, 3.0]
    # 8 sentences in the 0.2 s of an evaluation would be 40 a second.
    assert all(entry["sentences_per_second"] > 60 for entry in rest)
    assert history_of(tmp_path) == state.history


class Broken(ToyObjective):
    def __init__(self, loss, gradient, at=2):
        super().__init__()
        self.loss, self.gradient, self.left = loss, gradient, at

    def accumulate(self, model, batch, scale=1.0):
        loss = super().accumulate(model, batch, scale)
        self.left -= 1
        if self.left:
            return loss
        self.shift.grad.fill_(self.gradient)
        return self.loss


@pytest.mark.parametrize(("loss", "gradient"), [(math.nan, 1.0), (math.inf, 1.0), (1.0, math.nan)])
def test_a_loss_that_is_no_number_names_the_learning_rate(tmp_path, loss, gradient):
    """A gradient that is none would make weights that are none, found only by the next loss."""
    trainer = Trainer(ToyModel(), Broken(loss, gradient), ToyBatches(), TOY, tmp_path)
    with pytest.raises(DataError, match=r"step 2.*learning rate below 0\.05"):
        trainer.run()
    assert torch.isfinite(weights_of(trainer)).all()


# --- killed and resumed -----------------------------------------------------------------------


@pytest.fixture(scope="module", params=["exact", "low"])
def uninterrupted(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    trainer = toy_trainer(folder, low=request.param == "low")
    return request.param, trainer.run(), weights_of(trainer)


def check_same(folder, low, state, weights):
    trainer = toy_trainer(folder, low=low == "low")
    resumed = trainer.run()
    assert without_clocks(resumed.history) == without_clocks(state.history)
    assert history_of(folder) == resumed.history
    assert (resumed.step, resumed.best_step, resumed.best_score) == (
        state.step,
        state.best_step,
        state.best_score,
    )
    assert torch.equal(weights_of(trainer), weights)
    assert {p.dtype for p in trainer.model.parameters()} == {torch.float32}


@pytest.mark.parametrize("step", [0, 1, 7, 17])
def test_a_run_that_was_stopped_goes_on_with_the_very_losses(tmp_path, uninterrupted, step):
    low, state, weights = uninterrupted
    config = replace(TOY, save_seconds=1e9)  # only what is written when it stops
    with pytest.raises(Cancelled):
        toy_trainer(tmp_path, config, low=low == "low").run(stop_before(step))
    check_same(tmp_path, low, state, weights)


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_a_run_that_was_killed_goes_on_with_the_very_losses(tmp_path, uninterrupted):
    low, state, weights = uninterrupted
    words = [sys.executable, "-m", "tests.training.toy", str(tmp_path), low, "11"]
    assert subprocess.run(words, cwd=ROOT, check=False).returncode == -9
    assert not (tmp_path / "checkpoint.partial").exists()
    # A later entry than the checkpoint's, and half a line, as a kill may leave them.
    with (tmp_path / "history.jsonl").open("a", encoding="utf-8") as stream:
        stream.write('{"step": 12.0, "loss": 1.0}\n{"step": 1')
    check_same(tmp_path, low, state, weights)


def test_dropout_and_order_depend_on_the_seed(tmp_path):
    losses = []
    for seed in (5, 5, 6):
        trainer = toy_trainer(tmp_path / str(len(losses)), replace(TOY, seed=seed))
        losses.append([entry.get("loss") for entry in trainer.run().history])
    assert losses[0] == losses[1] != losses[2]


# --- the real thing ---------------------------------------------------------------------------


def test_a_tiny_encoder_learns_32_scored_pairs_by_heart(encoder, tmp_path):
    rng = np.random.default_rng(0)
    first, second = (tuple(" ".join(rng.choice(WORDS, 5)) for _ in range(32)) for _ in range(2))
    scores = rng.permutation(np.linspace(0, 1, 32)).astype(np.float32)
    examples = Examples("scored_pairs", (first, second), scores)
    learner = SiameseLearner(encoder)
    for module in learner.network.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0

    def evaluate(step):
        return {"dev_spearman": 100 * spearman(scores, learner.similarities(first, second))}

    config = TrainConfig(epochs=30, batch_size=16, learning_rate=2e-3, warmup=0.1)
    objective = make_objective("sts", learner.dims, {})
    batches = learner.batches(examples, None)
    state = Trainer(learner.network, objective, batches, config, tmp_path, evaluate).run()
    assert state.history[0]["dev_spearman"] < 60
    assert state.best_score > 95
    assert evaluate(0)["dev_spearman"] == pytest.approx(state.best_score)


@pytest.mark.parametrize(
    "wrong",
    [
        {"epochs": 0},
        {"epochs": -1},
        {"batch_size": 0},
        {"accumulate": 0},
        {"learning_rate": 0.0},
        {"learning_rate": math.nan},
        {"learning_rate": 1.0},
        {"warmup": 1.1},
        {"weight_decay": -0.1},
        {"max_grad_norm": 0.0},
        {"max_steps": 0},
        {"patience": -1},
        {"seed": -1},
        {"seed": 2**32},
    ],
)
def test_what_no_run_could_do_is_refused_by_name(wrong):
    with pytest.raises(DataError, match=next(iter(wrong))):
        TrainConfig(**wrong)


def test_steps_are_counted_as_they_are_taken():
    config = TrainConfig(epochs=3, batch_size=8, accumulate=2)
    assert [config.steps(n) for n in (1, 8, 16, 17, 100)] == [3, 3, 3, 6, 21]
    assert replace(config, max_steps=5).steps(100) == 5
    assert TrainConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config
