"""Data sets of the Hugging Face hub: the training part, as Parquet files.

Nothing here runs at import, and only `dataset_files` opens a connection. `HF_ENDPOINT`,
`HF_HOME` and `HF_HUB_OFFLINE` are honoured by huggingface_hub itself.
"""

import re
from collections.abc import Iterable
from pathlib import Path

from sbert_core.errors import FileError

HUB_PREFIX = "hf:"
_CONVERTED = "refs/convert/parquet"  # where the hub keeps Parquet copies of other formats
_TRAINING = re.compile(r"(^|/)(partial-)?train[^/]*(/[^/]+)?\.parquet$")
_USUAL_FOLDERS = ("", "data", "default")
_SECONDS_TO_ANSWER = 5.0
_LARGEST_BYTES = 2_000_000_000  # what a laptop can hold as lists of texts


def dataset_files(spec: str) -> list[Path]:
    """Give the Parquet files with the training part of a data set, downloading what is missing.

    Args:
        spec: "hf:organisation/name", or "hf:organisation/name/part" where a data set has
            several parts (configurations).

    Raises:
        FileError: The hub does not know the data set or cannot be reached, or the data set has
            no training part, several, or one of more than 2 GB.
    """
    from huggingface_hub.errors import (
        GatedRepoError,
        HFValidationError,
        RepositoryNotFoundError,
    )

    parts = spec.removeprefix(HUB_PREFIX).strip("/").split("/")
    if len(parts) not in (2, 3) or not all(parts):
        raise FileError(f"{spec} should be hf:organisation/name or hf:organisation/name/part.")
    repo, part = "/".join(parts[:2]), "/".join(parts[2:])
    try:
        return _download(repo, part)
    except (RepositoryNotFoundError, GatedRepoError, HFValidationError) as error:
        raise FileError(
            f"The hub has no open data set {repo!r}; check the spelling of organisation/name."
        ) from error
    except FileError:
        raise
    except Exception as error:  # which HTTP client it uses, and so which errors, is its own affair
        files = _in_cache(repo, part)
        if files:
            return files
        raise FileError(
            f"{repo} is not on this machine and the hub cannot be reached: go online once so "
            "that it is fetched, or give a .parquet, .csv, .tsv or .jsonl file of it."
        ) from error


def _download(repo: str, part: str) -> list[Path]:
    """Ask the hub for its list of files and fetch those of the training part."""
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.errors import RevisionNotFoundError

    for revision in (None, _CONVERTED):
        try:
            # Asked first, because it answers or fails at once; the download would try six times.
            info = HfApi().dataset_info(
                repo, revision=revision, files_metadata=True, timeout=_SECONDS_TO_ANSWER
            )
        except RevisionNotFoundError:
            continue
        sizes = {file.rfilename: file.size or 0 for file in info.siblings or ()}
        names = training_files(sizes, repo, part)
        if not names:
            continue
        total = sum(sizes[name] for name in names)
        if total > _LARGEST_BYTES:
            raise FileError(
                f"{repo} has {total / 1e9:.1f} GB of training files, more than the "
                f"{_LARGEST_BYTES / 1e9:g} GB that are read; download one and give that file."
            )
        folder = snapshot_download(
            repo, repo_type="dataset", revision=revision, allow_patterns=names
        )
        return [Path(folder) / name for name in names]
    raise FileError(
        f"{repo} has no training part in Parquet; download its files and give one of them."
    )


def _in_cache(repo: str, part: str) -> list[Path]:
    """Find the files of an earlier download, unless some of them are missing."""
    for revision in (None, _CONVERTED):
        folder, _ = _cached_snapshot(repo, revision, "*")
        if folder is None:
            continue
        stored = [path.relative_to(folder).as_posix() for path in folder.rglob("*.parquet")]
        names = training_files(stored, repo, part)
        if names:
            # What begins alike, up to "train", belongs together: numbered files of one part.
            begin = names[0][: names[0].rindex("train")]
            complete = _cached_snapshot(repo, revision, f"{begin}train*.parquet")[1]
            return [folder / name for name in names] if complete else []
    return []


def _cached_snapshot(repo: str, revision: str | None, pattern: str) -> tuple[Path | None, bool]:
    """Find the folder of an earlier download, and whether all that fits a pattern is in it."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        folder = snapshot_download(
            repo,
            repo_type="dataset",
            revision=revision,
            allow_patterns=pattern,
            local_files_only=True,
        )
    except LocalEntryNotFoundError as error:
        # Only a part was fetched, on purpose or because it was interrupted.
        path = getattr(error, "snapshot_path", None)
        return (Path(path) if path else None), False
    return Path(folder), True


def training_files(names: Iterable[str], repo: str, part: str = "") -> list[str]:
    """Choose the files of the training part from the paths of a data set.

    Args:
        names: Paths in the repository, such as "data/train-00000-of-00001.parquet".
        repo: What to call it in an error.
        part: Folder of the configuration; "" takes the only or the usual one.

    Returns:
        Paths in order; empty if there are none.

    Raises:
        FileError: There are several configurations, or not the one asked for.
    """
    folders: dict[str, list[str]] = {}
    for name in sorted(filter(_TRAINING.search, names)):
        top = name.split("/")[0] if "/" in name else ""
        folders.setdefault(top, []).append(name)
    if not folders:
        return []
    if part in folders:
        return folders[part]
    usual = [folder for folder in _USUAL_FOLDERS if folder in folders]
    if not part and (usual or len(folders) == 1):
        return folders[usual[0] if usual else next(iter(folders))]
    known = ", ".join(sorted(folders)[:8])
    raise FileError(f"{repo} has the parts {known}: choose one, as in hf:{repo}/{min(folders)}.")
