"""The test part of STS Benchmark from the Hugging Face hub, as a file of graded pairs.

Source: Cer et al. 2017, SemEval-2017 Task 1 (arXiv 1708.00055), in the copy that the authors of
sentence-transformers keep. Its texts come from several sources with terms of their own, so the
project does not ship them.
"""

import json
import re
from pathlib import Path

from .errors import FileError

REPO = "sentence-transformers/stsb"
_TEST = re.compile(r"(^|/)test[^/]*\.parquet$")
_SECONDS_TO_ANSWER = 5.0
_NAME = "STS Benchmark test {}.jsonl"


def kept_stsb_test(folder: Path) -> Path | None:
    """Find the copy that was fetched before."""
    return next(iter(sorted(folder.glob(_NAME.format("*")))), None)


def fetch_stsb_test(folder: Path) -> Path:
    """Give the 1,379 test pairs, downloading them the first time.

    Args:
        folder: Where the copy is kept; the commit it was taken from is part of its name.

    Returns:
        A JSON Lines file with sentence1, sentence2 and score (0 to 1).

    Raises:
        FileError: There is no copy, and the hub cannot be reached or has no such part.
    """
    if kept := kept_stsb_test(folder):
        return kept
    try:
        downloaded, revision = _download()
    except FileError:
        raise
    except Exception as error:  # which HTTP client it uses, and so which errors, is its own affair
        raise FileError(
            "STS Benchmark is not on this machine and the hub cannot be reached: go online once "
            "so that it is fetched, or put in a file of graded pairs."
        ) from error
    return _as_json_lines(downloaded, folder / _NAME.format(revision[:7]))


def _download() -> tuple[Path, str]:
    """Fetch the Parquet file of the test part; return it with its commit."""
    from huggingface_hub import HfApi, hf_hub_download

    # Asked first, because it answers or fails at once; the download would try six times.
    info = HfApi().dataset_info(REPO, timeout=_SECONDS_TO_ANSWER)
    names = [file.rfilename for file in info.siblings or () if _TEST.search(file.rfilename)]
    if not names or info.sha is None:
        raise FileError(f"{REPO} on the hub has no test part any more; put in a file of pairs.")
    found = hf_hub_download(REPO, names[0], repo_type="dataset", revision=info.sha)
    return Path(found), info.sha


def _as_json_lines(parquet: Path, target: Path) -> Path:
    """Write the pairs as JSON Lines; the file appears whole or not at all."""
    import pyarrow.parquet

    rows = pyarrow.parquet.read_table(parquet, columns=["sentence1", "sentence2", "score"])
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(".partial")
    lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows.to_pylist())
    partial.write_text("".join(lines), encoding="utf-8")
    partial.replace(target)
    return target
