"""The cross-encoder: the reference's scores from the same folder, in both directions."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from sentence_transformers import CrossEncoder as Reference

from sbert_core.encoders.cross_encoder import CrossEncoder
from sbert_core.encoders.layout import read_layout
from sbert_core.errors import Cancelled, ModelError

from . import tiny_models
from .tiny_models import TEXTS

TOLERANCE = 1e-5
PAIRS = [(first, second) for first in TEXTS for second in TEXTS[:5]]


def same(ours, theirs):
    assert ours.shape == theirs.shape and ours.dtype == np.float32
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=TOLERANCE)


def reference_scores(folder, pairs=PAIRS):
    model = Reference(str(folder), device="cpu", local_files_only=True)
    return model.predict(pairs, show_progress_bar=False)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "cross"


@pytest.mark.parametrize("kind", tiny_models.KINDS)
@pytest.mark.parametrize("labels", [1, 3])
def test_what_we_save_gives_the_same_scores_in_both(checkpoints, folder, kind, labels):
    model = CrossEncoder.start(checkpoints[kind], labels)
    scores = model.predict(PAIRS)
    assert scores.shape == ((len(PAIRS),) if labels == 1 else (len(PAIRS), 3))
    assert scores.std(axis=0).min() > 1e-4  # or else any scores would agree
    model.save(folder)
    same(CrossEncoder.load(folder).predict(PAIRS), scores)
    same(scores, reference_scores(folder))


def test_what_the_reference_saves_we_load(checkpoints, folder):
    model = Reference(str(checkpoints["bert"]), num_labels=1, device="cpu", local_files_only=True)
    model.save_pretrained(str(folder))
    same(CrossEncoder.load(folder).predict(PAIRS), model.predict(PAIRS, show_progress_bar=False))


def test_a_folder_is_complete_and_holds_no_pickle(checkpoints, folder):
    CrossEncoder.start(checkpoints["bert"], 3, ("no", "yes", "maybe")).save(folder)
    config = json.loads((folder / "config.json").read_text())
    assert config["id2label"] == {"0": "no", "1": "yes", "2": "maybe"}
    names = {path.name for path in folder.iterdir()}
    assert {"model.safetensors", "tokenizer.json", "tokenizer_config.json"} <= names
    assert not {name for name in names if name.endswith((".bin", ".pt", ".pkl"))}
    assert CrossEncoder.load(folder).label_names == ("no", "yes", "maybe")


def test_scores_lie_between_0_and_1_and_depend_on_the_order_in_a_pair(checkpoints):
    model = CrossEncoder.start(checkpoints["bert"], 1)
    there, back = model.predict([(TEXTS[0], TEXTS[4]), (TEXTS[4], TEXTS[0])])
    assert 0 < there < 1 and abs(there - back) > 1e-5


def test_a_score_does_not_depend_on_the_other_pairs(checkpoints):
    model = CrossEncoder.start(checkpoints["bert"], 1)
    together = model.predict(PAIRS)
    alone = np.concatenate([model.predict([pair]) for pair in PAIRS])
    same(alone, together)


@pytest.mark.parametrize(("labels", "shape"), [(1, (0,)), (3, (0, 3))])
def test_no_pairs_give_no_scores(checkpoints, labels, shape):
    assert CrossEncoder.start(checkpoints["bert"], labels).predict([]).shape == shape


def test_the_longer_sentence_is_cut_first(checkpoints):
    model = CrossEncoder.start(checkpoints["bert"], 1)
    rows = model.rows([("the cat", "dog " * 200), ("cat " * 200, "dog " * 200)])
    assert [len(row) for row in rows.ids] == [64, 64]
    of_second = [
        int((types * (1 - special)).sum())
        for types, special in zip(rows.types, rows.special, strict=True)
    ]
    assert of_second == [59, 31]  # of 61 words: all but two, and half


def test_the_head_is_fresh_and_decided_by_the_seed_alone(checkpoints):
    def head(seed):
        model = CrossEncoder.start(checkpoints["bert"], 1, seed=seed)
        return model.network.classifier.weight.detach()

    torch.manual_seed(1)
    first, state = head(7), torch.get_rng_state()
    torch.manual_seed(2)
    assert torch.equal(head(7), first) and not torch.equal(head(8), first)
    torch.manual_seed(1)
    assert torch.equal(torch.get_rng_state(), state)  # the caller's chance is left alone


def test_a_cross_encoder_gets_a_new_head_of_another_size(checkpoints, folder):
    CrossEncoder.start(checkpoints["bert"], 3).save(folder)
    assert CrossEncoder.start(folder, 1).predict(PAIRS).shape == (len(PAIRS),)


def test_it_starts_from_a_masked_language_model_and_from_an_encoders_layout(tmp_path):
    tokenizer = tiny_models.bert_tokenizer()
    base = tiny_models.write_checkpoint(tmp_path / "mlm", tokenizer, tiny_models.masked_lm_model)
    model = CrossEncoder.start(read_layout(base), 1)
    weights = load_file(base / "model.safetensors")
    name = "embeddings.word_embeddings.weight"
    assert torch.equal(model.network.bert.get_parameter(name), weights[f"bert.{name}"])


def test_training_and_judging_do_not_disturb_each_other(checkpoints):
    model = CrossEncoder.start(checkpoints["bert"], 1).train()
    same(model.predict(PAIRS), model.predict(PAIRS))  # no dropout
    assert model.training
    ids = torch.tensor([[2, 7, 3, 8, 3]])
    model(ids, torch.ones_like(ids), torch.tensor([[0, 0, 0, 1, 1]])).sum().backward()
    assert model.network.bert.embeddings.token_type_embeddings.weight.grad[1].any()


def test_it_reports_progress_and_can_be_stopped(checkpoints):
    model, seen = CrossEncoder.start(checkpoints["bert"], 1), []
    model.predict(PAIRS, lambda done, total, message="": seen.append((done, total)))
    assert seen[0] == (0, len(PAIRS)) and seen[-1] == (len(PAIRS), len(PAIRS))

    def stop(done, total, message=""):
        raise Cancelled("stopped")

    model.train()
    with pytest.raises(Cancelled):
        model.predict(PAIRS, stop)
    assert model.training


def test_what_cannot_be_a_cross_encoder_is_refused(checkpoints, folder, tmp_path):
    with pytest.raises(ModelError, match="There is no folder"):
        CrossEncoder.load(tmp_path / "none")
    with pytest.raises(ModelError, match="is not a cross-encoder: its weights lack classifier"):
        CrossEncoder.load(checkpoints["bert"])
    with pytest.raises(ModelError, match="labels=0 should be at least 1"):
        CrossEncoder.start(checkpoints["bert"], 0)
    with pytest.raises(ModelError, match=r"labels=3 should be .* a name for each"):
        CrossEncoder.start(checkpoints["bert"], 3, ("yes", "no"))
    model = CrossEncoder.start(checkpoints["bert"], 1)
    folder.mkdir()
    (folder / "letter.txt").write_text("mine")
    with pytest.raises(ModelError, match="holds other files"):
        model.save(folder)
    assert (folder / "letter.txt").read_text() == "mine"


def test_a_static_model_and_a_backbone_with_gaps_are_refused(checkpoints, folder, tmp_path):
    from dataclasses import replace

    layout = replace(read_layout(checkpoints["bert"]), architecture="static")
    with pytest.raises(ModelError, match="has no layers, so it cannot read a pair"):
        CrossEncoder.start(layout, 1)
    CrossEncoder.start(checkpoints["bert"], 1).save(folder)
    weights = load_file(folder / "model.safetensors")
    del weights["bert.encoder.layer.1.output.dense.weight"]
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(ModelError, match="lacks weights that its config"):
        CrossEncoder.start(folder, 1)
    with pytest.raises(ModelError, match="its weights lack bert"):
        CrossEncoder.load(folder)
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(ModelError, match="a pickle"):
        CrossEncoder.load(folder)
