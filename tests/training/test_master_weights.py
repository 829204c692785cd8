"""Small steps survive bfloat16."""

import copy

import torch
from torch import nn

from sbert_core.training.master_weights import MasterWeights


class TwoParts(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.backbone = nn.Linear(3, 3)
        self.head = nn.Linear(3, 1)

    def forward(self, x):
        return self.head(self.backbone(x.to(self.backbone.weight.dtype)).float())


def names(model):
    return [name for name, _ in model.named_parameters()]


def test_steps_too_small_for_bfloat16_add_up():
    """At 1.0 the next bfloat16 is 1.0078: a step of 0.001 alone would be rounded away for ever."""
    model = nn.Linear(1, 1, bias=False)
    nn.init.ones_(model.weight)
    weights = MasterWeights(model, model)
    optimizer = torch.optim.SGD(weights.parameters.values(), lr=1.0)
    assert (torch.ones(1, dtype=torch.bfloat16) + 0.001).item() == 1.0  # the trouble itself
    seen = []
    for _ in range(32):
        model.weight.grad = torch.full_like(model.weight, -(2**-10))
        weights.collect_gradients()
        optimizer.step()
        optimizer.zero_grad()
        weights.distribute()
        seen.append(model.weight.item())
    assert weights.parameters["weight"].item() == 1 + 32 * 2**-10
    assert seen[0] == 1.0
    assert seen[-1] == 1.03125  # exact in bfloat16 too


def test_gradients_move_to_the_masters_and_leave_the_working_copy():
    model = TwoParts()
    weights = MasterWeights(model, model.backbone)
    model(torch.ones(2, 3)).sum().backward()
    gradients = {name: p.grad.clone() for name, p in model.named_parameters()}
    weights.collect_gradients()
    for name, master in weights.parameters.items():
        assert master.grad.dtype == torch.float32
        assert torch.equal(master.grad, gradients[name].float())
    assert model.backbone.weight.grad is None
    assert model.head.weight.grad is not None  # the head is its own master


def test_without_a_low_part_the_masters_are_the_weights():
    model = TwoParts()
    weights = MasterWeights(model)
    assert list(weights.parameters) == names(model)
    for name, p in model.named_parameters():
        assert weights.parameters[name] is p
        assert p.dtype == torch.float32


def test_only_the_low_part_computes_in_bfloat16_and_its_masters_are_not_rounded():
    model = TwoParts()
    exact = copy.deepcopy(dict(model.named_parameters()))
    weights = MasterWeights(model, model.backbone)
    assert model.backbone.weight.dtype == torch.bfloat16
    assert model.head.weight.dtype == torch.float32
    for name, master in weights.parameters.items():
        assert torch.equal(master, exact[name])
        assert master.requires_grad
        assert master.is_leaf


def test_a_state_is_a_copy_and_comes_back_into_both_sides():
    model = TwoParts()
    weights = MasterWeights(model, model.backbone)
    state = weights.state()
    before = {name: value.clone() for name, value in state.items()}
    with torch.no_grad():
        for master in weights.parameters.values():
            master.add_(1.0)
    weights.distribute()
    assert all(torch.equal(state[name], before[name]) for name in before)
    weights.restore(state)
    for name, working in model.named_parameters():
        assert torch.equal(weights.parameters[name], before[name])
        assert torch.equal(working, before[name].to(working.dtype))


def test_matrices_decay_and_biases_do_not():
    model = TwoParts()
    weights = MasterWeights(model, model.backbone)
    decayed, left_alone = weights.decay_groups(0.1)
    assert (decayed["weight_decay"], left_alone["weight_decay"]) == (0.1, 0.0)
    expected = [weights.parameters[name] for name in ("backbone.weight", "head.weight")]
    assert [id(p) for p in decayed["params"]] == [id(p) for p in expected]
    assert len(left_alone["params"]) == 2
