"""Models of the Hugging Face hub: the local cache first, the network only when it must be.

Nothing here runs at import, and only `fetch` opens a connection. `HF_ENDPOINT`, `HF_HOME` and
`HF_HUB_OFFLINE` are honoured by huggingface_hub itself.
"""

from pathlib import Path

from sbert_core.errors import ModelError

# Numbers and text only: no pickles, no code, and no copies for other runtimes.
_WANTED = ["*.safetensors", "*.json", "*.txt", "*.model"]
_UNWANTED = ["onnx/*", "openvino/*", "*.fp16.*", "checkpoint-*"]
_SECONDS_TO_ANSWER = 5.0


def cached(repo: str, revision: str | None) -> Path | None:
    """Find a model in the local hub cache, without the network.

    Args:
        repo: "organisation/name".
        revision: A commit, or None for the newest one that was fetched.

    Returns:
        The snapshot's folder, named after its commit, or None if weights are not there.
    """
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        folder = _snapshot(repo, revision, local_files_only=True)
    except (LocalEntryNotFoundError, HFValidationError):
        return None
    return folder if any(folder.rglob("*.safetensors")) else None


def fetch(repo: str, revision: str | None) -> Path:
    """Give a model's folder, downloading what is missing.

    Args:
        repo: "organisation/name".
        revision: A commit, or None for the newest.

    Raises:
        ModelError: The hub does not know the model or cannot be reached, or the model has no
            safetensors weights.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import (
        GatedRepoError,
        HFValidationError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    no_such_model = (
        RepositoryNotFoundError,
        RevisionNotFoundError,
        GatedRepoError,
        HFValidationError,
    )
    try:
        # Asked first, because it answers or fails at once; the download would try six times.
        info = HfApi().model_info(repo, revision=revision, timeout=_SECONDS_TO_ANSWER)
        if any(file.rfilename.endswith(".safetensors") for file in info.siblings or ()):
            return _snapshot(repo, revision, local_files_only=False)
    except no_such_model as error:
        raise ModelError(
            f"The hub has no open model {repo!r}; check the spelling of organisation/name."
        ) from error
    except Exception as error:  # which HTTP client it uses, and so which errors, is its own affair
        raise ModelError(
            f"{repo} is not on this machine and the hub cannot be reached: go online once so "
            "that it is fetched, or give a folder that holds it."
        ) from error
    raise ModelError(
        f"{repo} publishes no safetensors weights, and a pickle, which can run code when "
        "opened, is refused; convert it once with `model.save_pretrained(folder)` of "
        "transformers and give that folder."
    )


def _snapshot(repo: str, revision: str | None, local_files_only: bool) -> Path:
    """Find or complete the cached copy of a model's files that are of use here."""
    from huggingface_hub import snapshot_download

    folder = snapshot_download(
        repo,
        revision=revision,
        local_files_only=local_files_only,
        allow_patterns=_WANTED,
        ignore_patterns=_UNWANTED,
    )
    return Path(folder)
