"""What a model folder says about itself, in today's format and in those of years ago."""

import json

import numpy as np
import pytest
from safetensors.numpy import save_file

from sbert_core.encoders.layout import read_layout
from sbert_core.errors import ModelError

HIDDEN = 6
OLD = "sentence_transformers.models"
NEW = {
    "Transformer": "sentence_transformers.base.modules.transformer.Transformer",
    "Pooling": "sentence_transformers.sentence_transformer.modules.pooling.Pooling",
}


def put(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))


@pytest.fixture
def folder(tmp_path):
    """A checkpoint without modules.json."""
    config = {
        "model_type": "bert",
        "hidden_size": HIDDEN,
        "num_hidden_layers": 2,
        "max_position_embeddings": 512,
        "pad_token_id": 0,
    }
    put(tmp_path / "config.json", config)
    save_file({"x": np.zeros(3, np.float32)}, tmp_path / "model.safetensors")
    return tmp_path


def with_modules(folder, *modules):
    """List modules given as (kind, path); a kind with a dot is a full type."""
    entries = [
        {"idx": i, "name": str(i), "path": path, "type": kind if "." in kind else f"{OLD}.{kind}"}
        for i, (kind, path) in enumerate(modules)
    ]
    put(folder / "modules.json", entries)
    return folder


def with_pooling(folder, config):
    put(folder / "1_Pooling" / "config.json", config)
    return with_modules(folder, ("Transformer", ""), ("Pooling", "1_Pooling"))


def with_dense(folder, config, shape=(4, HIDDEN)):
    put(folder / "2_Dense" / "config.json", config)
    weights = {"linear.weight": np.zeros(shape, np.float32)}
    save_file(weights, folder / "2_Dense" / "model.safetensors")
    put(folder / "1_Pooling" / "config.json", {"pooling_mode_cls_token": True})
    modules = [("Transformer", ""), ("Pooling", "1_Pooling"), ("Dense", "2_Dense")]
    return with_modules(folder, *modules)


def test_a_plain_checkpoint_is_pooled_by_mean_and_not_normalised(folder):
    layout = read_layout(folder)
    assert (layout.pooling_name, layout.normalised, layout.dims) == ("mean", False, HIDDEN)
    assert (layout.layers, layout.max_length, layout.is_sentence_encoder) == (2, 512, False)


@pytest.mark.parametrize(
    ("config", "pooling"),
    [
        ({"pooling_mode": "cls"}, "cls"),
        ({"pooling_mode": "mean_sqrt_len_tokens"}, "mean_sqrt_len"),
        ({"pooling_mode": ["max", "mean"]}, "max+mean"),
        ({"pooling_mode_max_tokens": True, "pooling_mode_mean_tokens": False}, "max"),
        ({"pooling_mode_mean_tokens": True, "pooling_mode_cls_token": True}, "cls+mean"),
        ({"word_embedding_dimension": HIDDEN}, "mean"),
        ({"pooling_mode": "first_last"}, "first_last"),
    ],
)
def test_pooling_in_all_its_spellings(folder, config, pooling):
    layout = read_layout(with_pooling(folder, config))
    assert layout.pooling_name == pooling
    assert layout.dims == HIDDEN * (pooling.count("+") + 1)


@pytest.mark.parametrize(
    "config", [{"pooling_mode": "lasttoken"}, {"pooling_mode_weightedmean_tokens": True}]
)
def test_a_pooling_we_do_not_have_is_named(folder, config):
    with pytest.raises(
        ModelError, match=r"'(lasttoken|weightedmean)' is not known; known: cls, mean"
    ):
        read_layout(with_pooling(folder, config))


def test_module_types_of_the_present_release_are_read(folder):
    put(folder / "1_Pooling" / "config.json", {"pooling_mode": "cls"})
    with_modules(folder, (NEW["Transformer"], ""), (NEW["Pooling"], "1_Pooling"))
    assert read_layout(folder).pooling_name == "cls"


def test_the_backbone_may_lie_in_its_own_folder(folder, tmp_path_factory):
    root = tmp_path_factory.mktemp("old")
    folder.rename(root / "0_Transformer")
    put(root / "1_Pooling" / "config.json", {"pooling_mode": "cls"})
    with_modules(root, ("Transformer", "0_Transformer"), ("Pooling", "1_Pooling"))
    assert read_layout(root).backbone == root / "0_Transformer"


@pytest.mark.parametrize(
    ("modules", "message"),
    [
        ([("modeling_custom.Transformer", "")], "Code that comes with a model is never run"),
        ([("Pooling", "1_Pooling")], "Transformer and StaticEmbedding first"),
        ([("Transformer", ""), ("CNN", "1_CNN")], "CNN"),
        ([("Transformer", ""), ("Normalize", "n"), ("Pooling", "p")], "after Normalize"),
        ([("Transformer", "../elsewhere")], "outside its own folder"),
        ([], "lists no modules"),
    ],
)
def test_modules_that_are_not_understood_are_refused(folder, modules, message):
    with pytest.raises(ModelError, match=message):
        read_layout(with_modules(folder, *modules))


@pytest.mark.parametrize(
    ("model_type", "positions", "pad", "asked", "length"),
    [
        ("bert", 512, 0, None, 512),
        ("bert", 512, 0, 128, 128),
        ("bert", 512, 0, 900, 512),
        ("roberta", 514, 1, None, 512),
        ("mpnet", 514, 1, 514, 512),
        ("bert", None, 0, None, None),
    ],
)
def test_the_maximum_length_fits_the_positions(folder, model_type, positions, pad, asked, length):
    config = {"model_type": model_type, "hidden_size": HIDDEN, "pad_token_id": pad}
    put(folder / "config.json", config | {"max_position_embeddings": positions})
    put(folder / "tokenizer_config.json", {"model_max_length": 10**30})
    put(folder / "sentence_bert_config.json", {"max_seq_length": asked})
    assert read_layout(folder).max_length == length


def test_a_dense_layer_is_read(folder):
    config = {"in_features": HIDDEN, "out_features": 4, "bias": False}
    activation = "torch.nn.modules.activation.ReLU"
    layout = read_layout(with_dense(folder, config | {"activation_function": activation}))
    assert (layout.dims, layout.dense[0].activation, layout.dense[0].bias) == (4, "ReLU", False)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"activation_function": "os.system"}, "os.system"),
        ({"activation_function": "torch.nn.Transformer"}, "torch.nn.Transformer"),
        ({"use_residual": True}, "plain Dense"),
        ({"out_features": 5}, "plain Dense"),
        ({"module_input_name": "token_embeddings"}, "token_embeddings"),
    ],
)
def test_a_dense_layer_that_is_not_plain_is_refused(folder, config, message):
    whole = {"in_features": HIDDEN, "out_features": 4, "activation_function": "torch.nn.Tanh"}
    with pytest.raises(ModelError, match=message):
        read_layout(with_dense(folder, whole | config))


def test_a_pooling_that_does_not_fit_the_dense_layer_is_refused(folder):
    config = {"in_features": HIDDEN, "out_features": 4}
    layout = read_layout(with_dense(folder, config))
    assert layout.with_pooling("max").pooling_name == "max"
    with pytest.raises(ModelError, match=r"takes 6 dimensions but is given 12.*'cls\+mean'"):
        layout.with_pooling("cls+mean")


def test_a_missing_pooler_is_not_made_up(folder):
    with pytest.raises(ModelError, match="no trained pooler"):
        read_layout(folder).with_pooling("pooler")


def test_the_default_prompt(folder):
    with_pooling(folder, {"pooling_mode": "mean"})
    settings = {"prompts": {"query": "q: ", "document": ""}, "default_prompt_name": None}
    put(folder / "config_sentence_transformers.json", settings)
    assert read_layout(folder).prompt == ""
    put(folder / "config_sentence_transformers.json", settings | {"default_prompt_name": "query"})
    assert read_layout(folder).prompt == "q: "
    put(folder / "1_Pooling" / "config.json", {"pooling_mode": "mean", "include_prompt": False})
    with pytest.raises(ModelError, match="leaves the prompt out"):
        read_layout(folder)
    put(folder / "config_sentence_transformers.json", settings | {"default_prompt_name": "other"})
    with pytest.raises(ModelError, match="'other' but does not give it"):
        read_layout(folder)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "1_Pooling/config.json"])
def test_a_missing_file_is_named(folder, name):
    with_pooling(folder, {"pooling_mode": "cls"})
    (folder / name).unlink()
    with pytest.raises(ModelError, match=name):
        read_layout(folder)


def test_other_kinds_of_model_are_refused(folder, tmp_path):
    put(folder / "sentence_bert_config.json", {"transformer_task": "fill-mask"})
    with pytest.raises(ModelError, match="fill-mask"):
        read_layout(folder)
    put(folder / "sentence_bert_config.json", {})
    put(folder / "config.json", {"model_type": "vit"})
    with pytest.raises(ModelError, match="does not describe a text encoder"):
        read_layout(folder)
    with pytest.raises(ModelError, match="There is no folder"):
        read_layout(tmp_path / "nowhere")


def test_a_static_model_must_be_a_plain_table(tmp_path):
    save_file({"embedding.weight": np.zeros((9, 4), np.float32)}, tmp_path / "model.safetensors")
    with_modules(tmp_path, ("StaticEmbedding", ""))
    with pytest.raises(ModelError, match=r"tokenizer\.json is missing"):
        read_layout(tmp_path)
    (tmp_path / "tokenizer.json").write_text("{}")
    layout = read_layout(tmp_path)
    assert (layout.architecture, layout.dims, layout.max_length) == ("static", 4, None)
    with pytest.raises(ModelError, match="only pooling 'mean'"):
        layout.with_pooling("cls")
    tables = {"embeddings": np.zeros((9, 4), np.float32), "mapping": np.zeros(9, np.float32)}
    save_file(tables, tmp_path / "model.safetensors")
    with pytest.raises(ModelError, match="plain table"):
        read_layout(tmp_path)
