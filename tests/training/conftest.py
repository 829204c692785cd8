"""A tiny encoder, and one thread: more of them only wait for each other on work this small."""

import pytest
import torch

from sbert_core.encoders.catalog import resolve
from sbert_core.encoders.encoder import SentenceEncoder
from tests.encoders import tiny_models


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def tiny_bert(tmp_path_factory):
    """The folder of a tiny BERT."""
    folder = tmp_path_factory.mktemp("models") / "tiny-bert"
    return tiny_models.write_checkpoint(
        folder, tiny_models.bert_tokenizer(), tiny_models.bert_model
    )


@pytest.fixture
def encoder(tiny_bert):
    """A fresh encoder whose weights a test may change."""
    return SentenceEncoder.load(resolve(str(tiny_bert)), device="cpu", precision="fp32")
