"""Objectives: what is embedded, what learns, what is refused; caching that changes nothing."""

import copy

import pytest
import torch
import transformers
from torch import nn

from sbert_core.encoders.siamese import SentenceModel, TokenTable
from sbert_core.errors import DataError
from sbert_core.training import losses
from sbert_core.training.objectives import (
    ABOUT,
    OBJECTIVES,
    Batch,
    Tokens,
    make_objective,
)

DIMS, VOCABULARY = 16, 50
NLI = ("contradiction", "entailment", "neutral")


def small_model(dropout=0.0, seed=0):
    torch.manual_seed(seed)
    config = transformers.BertConfig(
        vocab_size=VOCABULARY,
        hidden_size=DIMS,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=24,
        initializer_range=0.3,
        hidden_dropout_prob=dropout,
        attention_probs_dropout_prob=dropout,
    )
    return SentenceModel(transformers.BertModel(config), ("mean",)).train()


def tokens(rows, longest, seed):
    generator = torch.Generator().manual_seed(seed)
    lengths = torch.randint(1, longest + 1, (rows, 1), generator=generator)
    lengths[0] = longest
    mask = (torch.arange(longest) < lengths).long()
    ids = torch.randint(5, VOCABULARY, (rows, longest), generator=generator) * mask
    return Tokens(ids, mask, torch.zeros_like(mask))


def batch(rows=6, widths=(5, 9), labels=None):
    columns = tuple(tokens(rows, width, seed) for seed, width in enumerate(widths))
    text_ids = torch.arange(rows * len(widths)).view(rows, len(widths))
    return Batch(columns, labels, text_ids)


def grads(module):
    return {name: p.grad for name, p in module.named_parameters() if p.grad is not None}


def same_grads(ours, theirs, tolerance=1e-6):
    assert ours.keys() == theirs.keys() and ours
    for name, gradient in ours.items():
        torch.testing.assert_close(gradient, theirs[name], rtol=tolerance, atol=tolerance)


def embedded(model, column):
    return model(column.input_ids, column.attention_mask, column.special_tokens_mask)


SCORES = torch.tensor([0.0, 0.2, 0.4, 0.6, 0.8, 1.0])
CLASSES = torch.tensor([0, 1, 2, 0, 1, 2])
TEACHER = torch.randn(6, 24, generator=torch.Generator().manual_seed(3))
CASES = {
    "nli": ({}, {"labels": CLASSES}, {"label_names": NLI}),
    "sts": ({}, {"labels": SCORES}, {}),
    "triplet": ({}, {"widths": (5, 9, 7)}, {}),
    "contrastive": ({}, {"labels": CLASSES}, {"label_names": NLI}),
    "mnrl": ({}, {"widths": (5, 9, 7)}, {}),
    "simcse": ({}, {"widths": (7,)}, {}),
    "distill": ({}, {"widths": (7,), "labels": TEACHER}, {"teacher_dims": 24}),
}


# --- every objective -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", CASES)
def test_the_model_and_the_objectives_own_weights_learn(name):
    settings, examples, made_with = CASES[name]
    model, objective = small_model(dropout=0.1), make_objective(name, DIMS, settings, **made_with)
    assert objective.accumulate(model, batch(**examples)) > 0
    gradients = grads(nn.ModuleList([model, objective]))
    idle = {n for n, p in nn.ModuleList([model, objective]).named_parameters()} - gradients.keys()
    assert {name.split(".")[2] for name in idle} <= {"pooler"}
    assert all(torch.isfinite(gradient).all() for gradient in gradients.values())
    assert gradients["0.backbone.embeddings.word_embeddings.weight"].any()
    own = [gradient for name, gradient in gradients.items() if name.startswith("1.")]
    assert len(own) == {"nli": 2, "distill": 1}.get(name, 0)
    assert all(gradient.any() for gradient in own)


@pytest.mark.parametrize("name", CASES)
def test_a_few_steps_lower_the_loss(name):
    settings, examples, made_with = CASES[name]
    torch.manual_seed(0)
    dropout = 0.1 if name == "simcse" else 0.0
    model, objective = small_model(dropout), make_objective(name, DIMS, settings, **made_with)
    parameters = [*model.parameters(), *objective.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=3e-3)
    series = []
    for _ in range(12):
        series.append(objective.accumulate(model, batch(**examples)))
        optimizer.step()
        optimizer.zero_grad()
    assert min(series[-3:]) < 0.9 * series[0]


def test_columns_go_through_the_model_as_if_each_went_alone():
    model, objective, examples = (
        small_model(),
        make_objective("sts", DIMS, {}),
        batch(labels=SCORES),
    )
    u, v = (embedded(model, column) for column in examples.columns)
    expected = losses.sts_loss(u, v, SCORES)
    expected.backward()
    alone = {name: gradient.clone() for name, gradient in grads(model).items()}
    model.zero_grad()
    assert objective.accumulate(model, examples) == pytest.approx(expected.item(), abs=1e-6)
    same_grads(grads(model), alone)


def test_gradients_are_scaled_and_added_up_but_the_loss_is_not():
    model, objective = small_model(), make_objective("sts", DIMS, {})
    loss = objective.accumulate(model, batch(labels=SCORES))
    once = {name: gradient.clone() for name, gradient in grads(model).items()}
    assert objective.accumulate(model, batch(labels=SCORES), scale=0.5) == loss
    same_grads(grads(model), {name: 1.5 * gradient for name, gradient in once.items()})


def test_the_loss_is_computed_in_float32_under_autocast():
    class Table(nn.Module):
        def __init__(self):
            super().__init__()
            self.vectors = nn.Parameter(torch.randn(VOCABULARY, DIMS))

        def forward(self, input_ids, *_):
            return self.vectors[input_ids[:, 0]]

    torch.manual_seed(0)
    model = Table()
    objective = make_objective("nli", DIMS, {}, label_names=NLI)
    together, found = nn.ModuleList([model, objective]), []
    for enabled in (False, True):
        together.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=enabled):
            loss = objective.accumulate(model, batch(labels=CLASSES))
        found.append((loss, {name: g.clone() for name, g in grads(together).items()}))
    assert found[0][0] == found[1][0]
    same_grads(found[0][1], found[1][1], tolerance=0)


# --- settings ------------------------------------------------------------------------------------


def test_settings_reach_the_loss():
    examples = batch(labels=SCORES)
    u, v = torch.randn(6, DIMS), torch.randn(6, DIMS)
    cosent = make_objective("sts", DIMS, {"form": "cosent", "scale": 7})
    assert cosent([u, v], examples) == losses.cosent_loss(u, v, SCORES, 7.0)
    cosine = make_objective("triplet", DIMS, {"distance": "cosine"})
    expected = losses.triplet_loss(u, v, -v, 0.5, "cosine")
    assert cosine([u, v, -v], examples) == expected
    wide = make_objective("triplet", DIMS, {"margin": 4})
    assert wide([u, v, -v], examples) == losses.triplet_loss(u, v, -v, 4.0)
    online = make_objective("contrastive", DIMS, {"online": True, "margin": 0.9})
    pairs = batch(labels=torch.tensor([1, 0, 1, 0, 1, 0]))
    expected = losses.contrastive_loss(u, v, pairs.labels, 0.9, online=True)
    assert online([u, v], pairs) == expected
    cold = make_objective("simcse", DIMS, {"temperature": 0.2})
    assert cold([u, v], examples) == losses.simcse_loss(u, v, 0.2)
    bare = make_objective("distill", DIMS, {"structure_weight": 0}, teacher_dims=DIMS)
    expected = losses.distill_loss(u, v, structure_weight=0.0)
    assert bare([u], batch(widths=(5,), labels=v)) == expected


def test_the_classifier_sees_the_parts_chosen_in_the_order_of_the_paper():
    objective = make_objective("nli", DIMS, {"parts": ["|u-v|", "u"]}, label_names=NLI)
    assert objective.parts == ("u", "|u-v|")
    assert objective.classifier.weight.shape == (3, 2 * DIMS)
    assert make_objective("nli", DIMS, {}, label_names=NLI).parts == ("u", "v", "|u-v|")


def test_a_projection_is_learned_only_where_sizes_differ():
    assert make_objective("distill", DIMS, {}, teacher_dims=DIMS).projection is None
    projection = make_objective("distill", DIMS, {}, teacher_dims=24).projection
    assert projection.weight.shape == (24, DIMS) and projection.bias is None


@pytest.mark.parametrize(
    ("names", "wanted", "place"),
    [
        ((), "", 1),
        (("1", "0"), "", 0),
        (("different", "Same"), "", 1),
        (NLI, "", 1),
        (NLI, "Neutral", 2),
    ],
)
def test_the_label_that_means_similar_is_found(names, wanted, place):
    made = make_objective("contrastive", DIMS, {"positive": wanted}, label_names=names)
    assert made.positive == place


@pytest.mark.parametrize(
    ("name", "settings", "made_with", "said"),
    [
        ("cosine", {}, {}, "no objective 'cosine'; choose one of nli, sts"),
        ("sts", {"margin": 1}, {}, "sts has no setting 'margin'; its settings are form, scale"),
        ("cross", {"scale": 1}, {}, "cross has no setting 'scale'; it has no settings"),
        ("sts", {"form": "mae"}, {}, "form='mae' should be one of mse, cosent"),
        ("sts", {"scale": 0}, {}, "scale=0 should be a number from 0.1 to 1000"),
        ("sts", {"scale": float("nan")}, {}, "scale=nan should be a number"),
        ("sts", {"scale": "20"}, {}, "scale='20' should be a number"),
        ("mnrl", {"cached_batch": 2.5}, {}, "cached_batch=2.5 should be a whole number from 0"),
        ("mnrl", {"cached_batch": False}, {}, "cached_batch=False should be a whole number"),
        ("mnrl", {"skip_repeats": 1}, {}, "skip_repeats=1 should be true or false"),
        ("nli", {"parts": []}, {"label_names": NLI}, r"parts=\[\] should be one or more of u, v"),
        ("nli", {"parts": "u"}, {"label_names": NLI}, "parts='u' should be one or more of"),
        ("nli", {"parts": ["u", "w"]}, {"label_names": NLI}, "should be one or more of u, v"),
        ("nli", {}, {"label_names": ("yes",)}, "at least two different labels"),
        ("distill", {}, {}, "name a teacher"),
        ("contrastive", {}, {"label_names": ("a", "b")}, "set positive to one .* has a, b"),
        ("contrastive", {"positive": "c"}, {"label_names": ("a", "b")}, "set positive to one"),
        ("contrastive", {}, {"label_names": ("entailment",)}, "at least two labels"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_sentence(name, settings, made_with, said):
    with pytest.raises(DataError, match=said):
        make_objective(name, DIMS, settings, **made_with)


def test_every_objective_is_told_of_and_its_defaults_are_allowed():
    assert tuple(ABOUT) == OBJECTIVES
    for about in ABOUT.values():
        assert about.explanation.count(". ") == 1 and about.explanation.endswith(".")
        assert about.formula.count("{") == about.formula.count("}")
        for setting in about.settings:
            assert setting.checked(setting.default) == setting.default
            assert setting.allowed


# --- mnrl ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("widths", [(5, 9), (5, 9, 7)])
@pytest.mark.parametrize("size", [1, 5, 100])
def test_cached_mnrl_equals_plain_mnrl(widths, size):
    plain, examples = small_model(), batch(widths=widths)
    cached = copy.deepcopy(plain)
    loss = make_objective("mnrl", DIMS, {}).accumulate(plain, examples, scale=0.5)
    objective = make_objective("mnrl", DIMS, {"cached_batch": size})
    assert objective.accumulate(cached, examples, scale=0.5) == pytest.approx(loss, abs=1e-6)
    same_grads(grads(cached), grads(plain))


class Watched(SentenceModel):
    """Remembers what went through it, with and without a graph."""

    def forward(self, input_ids, *masks):
        embeddings = super().forward(input_ids, *masks)
        self.seen.append((input_ids, embeddings.detach().clone(), torch.is_grad_enabled()))
        return embeddings


def test_the_second_pass_of_cached_mnrl_meets_the_same_dropout():
    model = Watched(small_model(dropout=0.3).backbone, ("mean",)).train()
    model.seen = []
    objective = make_objective("mnrl", DIMS, {"cached_batch": 4})
    torch.manual_seed(5)
    objective.accumulate(model, batch())
    assert [graph for *_, graph in model.seen] == [False] * 3 + [True] * 3
    for (ids, first, _), (again_ids, second, _) in zip(model.seen[:3], model.seen[3:], strict=True):
        assert torch.equal(ids, again_ids) and torch.equal(first, second)
    # Chance goes on: the same batch meets other dropout in the next step.
    model.seen, before = [], model.seen
    objective.accumulate(model, batch())
    assert not torch.equal(before[0][1], model.seen[0][1])


def test_cached_mnrl_under_dropout_has_the_gradient_of_the_loss_it_reports():
    model = small_model(dropout=0.3)
    objective = make_objective("mnrl", DIMS, {"cached_batch": 4})
    weight = model.backbone.embeddings.LayerNorm.bias
    torch.manual_seed(5)
    objective.accumulate(model, batch())
    slope, found = weight.grad[3].item(), []
    for step in (1e-2, -1e-2):
        with torch.no_grad():
            weight[3] += step
        torch.manual_seed(5)
        found.append(objective.accumulate(model, batch()))
        with torch.no_grad():
            weight[3] -= step
    assert slope == pytest.approx((found[0] - found[1]) / 2e-2, rel=0.02, abs=2e-3)


def test_cached_mnrl_learns_under_autocast():
    plain = small_model()
    cached, examples = copy.deepcopy(plain), batch()
    for model, size in ((plain, 0), (cached, 4)):
        with torch.autocast("cpu", torch.bfloat16):
            make_objective("mnrl", DIMS, {"cached_batch": size}).accumulate(model, examples)
    assert grads(cached).keys() == grads(plain).keys()
    name = "backbone.encoder.layer.0.intermediate.dense.weight"
    u, v = grads(plain)[name].flatten(), grads(cached)[name].flatten()
    assert torch.cosine_similarity(u, v, dim=0) > 0.98


def test_mini_batches_are_padded_no_more_than_their_own_texts_need():
    model = Watched(small_model().backbone, ("mean",)).train()
    model.seen = []
    examples = batch(rows=6, widths=(5, 9))
    make_objective("mnrl", DIMS, {"cached_batch": 3}).accumulate(model, examples)
    lengths = torch.cat([column.attention_mask.sum(1) for column in examples.columns])
    expected = lengths.sort(descending=True).values[::3].tolist()
    assert [ids.shape[1] for ids, *_ in model.seen] == expected * 2


def test_repeated_texts_are_left_out_unless_asked_for():
    u, v = torch.randn(3, DIMS), torch.randn(3, DIMS)
    repeated = Batch((), None, torch.tensor([[1, 9], [2, 9], [3, 8]]))
    careful = make_objective("mnrl", DIMS, {})([u, v], repeated)
    careless = make_objective("mnrl", DIMS, {"skip_repeats": False})([u, v], repeated)
    assert careless == losses.mnrl_loss(u, v)
    assert careful == losses.mnrl_loss(u, v, ignore=losses.false_negatives(repeated.text_ids))
    assert careful < careless


# --- simcse --------------------------------------------------------------------------------------


def test_simcse_embeds_each_sentence_twice_under_different_dropout():
    model = Watched(small_model(dropout=0.2).backbone, ("mean",)).train()
    model.seen = []
    examples = batch(widths=(7,))
    make_objective("simcse", DIMS, {}).accumulate(model, examples)
    ((ids, embeddings, _),) = model.seen
    assert torch.equal(ids[:6], ids[6:]) and torch.equal(ids[:6], examples.columns[0].input_ids)
    assert (embeddings[:6] - embeddings[6:]).abs().amax(dim=1).min() > 1e-3


@pytest.mark.parametrize(
    "model",
    [
        small_model(dropout=0.0),
        SentenceModel(TokenTable(torch.randn(VOCABULARY, DIMS)), ("mean",)).train(),
    ],
    ids=["no dropout", "static"],
)
def test_simcse_refuses_a_base_without_dropout(model):
    with pytest.raises(DataError, match="differ by dropout alone, and this base has none"):
        make_objective("simcse", DIMS, {}).accumulate(model, batch(widths=(7,)))


def test_simcse_takes_a_base_with_dropout_in_attention_only():
    model = small_model(dropout=0.0)
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    model.backbone.config.attention_probs_dropout_prob = 0.1
    make_objective("simcse", DIMS, {}).check(model)


def test_simcse_does_not_ask_a_sentence_to_differ_from_its_own_copy():
    u, v = torch.randn(3, DIMS), torch.randn(3, DIMS)
    objective = make_objective("simcse", DIMS, {})
    copies = Batch((), None, torch.tensor([[4], [4], [5]]))
    distinct = Batch((), None, torch.tensor([[4], [6], [5]]))
    assert objective([u, v], copies) < objective([u, v], distinct) == losses.simcse_loss(u, v)


# --- cross ---------------------------------------------------------------------------------------


def test_cross_gives_the_model_pairs_and_takes_logits():
    class Judge(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.tensor(2.0))

        def forward(self, input_ids, attention_mask, token_type_ids=None):
            assert attention_mask.shape == input_ids.shape
            return self.weight * token_type_ids.float().mean(dim=1, keepdim=True)

    ids = torch.ones(2, 4, dtype=torch.long)
    types = torch.tensor([[0, 0, 1, 1], [0, 1, 1, 1]])
    pairs = Batch((Tokens(ids, ids, ids, types),), torch.tensor([1.0, 0.0]), torch.zeros(2, 1))
    model = Judge()
    loss = make_objective("cross", DIMS, {}).accumulate(model, pairs)
    logits = torch.tensor([[1.0], [1.5]])
    assert loss == pytest.approx(losses.cross_loss(logits, pairs.labels).item())
    assert model.weight.grad != 0
