"""Token lengths before cutting, from the tokenizer alone."""

import subprocess
import sys

import numpy as np
import pytest

from sbert_core.encoders.catalog import resolve
from sbert_core.encoders.token_lengths import count_truncated, token_lengths

from .tiny_models import TEXTS


@pytest.mark.parametrize("kind", ["bert", "roberta", "distilbert", "mpnet", "xlm-roberta"])
def test_lengths_equal_those_of_the_tokenizer_that_encodes(checkpoints, kind):
    from transformers import AutoTokenizer

    resolved = resolve(str(checkpoints[kind]))
    reference = AutoTokenizer.from_pretrained(checkpoints[kind], local_files_only=True)
    lengths = token_lengths(resolved, TEXTS)
    assert lengths.dtype == np.int32
    assert lengths.tolist() == [len(reference(text)["input_ids"]) for text in TEXTS]
    assert count_truncated(resolved, lengths) == int((lengths > 64).sum()) > 0


def test_a_folder_without_tokenizer_json_is_read_by_its_vocabulary(checkpoints, tmp_path):
    from transformers import AutoTokenizer

    source = checkpoints["bert"]
    for name in ("config.json", "model.safetensors"):
        (tmp_path / name).write_bytes((source / name).read_bytes())
    vocab = AutoTokenizer.from_pretrained(source, local_files_only=True).get_vocab()
    (tmp_path / "vocab.txt").write_text("\n".join(sorted(vocab, key=vocab.get)), encoding="utf-8")
    old, new = (token_lengths(resolve(str(folder)), TEXTS) for folder in (tmp_path, source))
    assert old.tolist() == new.tolist()


def test_shipped_padding_and_cutting_are_switched_off(minilm):
    lengths = token_lengths(minilm, ["cat", "", "cat " * 1_000])
    assert lengths.tolist() == [3, 2, 1_002]
    assert count_truncated(minilm, lengths) == 1


def test_no_texts_and_odd_texts(checkpoints):
    resolved = resolve(str(checkpoints["bert"]))
    assert token_lengths(resolved, []).shape == (0,)
    assert (token_lengths(resolved, ["\ud800", "\0", "a\ud800b"]) >= 2).all()


def test_torch_is_not_imported(checkpoints):
    code = (
        "import sys\n"
        "from sbert_core.encoders.catalog import list_models, resolve\n"
        "from sbert_core.encoders.token_lengths import token_lengths\n"
        "list_models()\n"
        f"token_lengths(resolve({str(checkpoints['bert'])!r}), ['cat'])\n"
        "assert not {'torch', 'transformers'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
