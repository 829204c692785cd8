"""The data that the shipped weights are made from: which files, which rows, and which never.

All of it lies outside the project, in a folder given on the command line, laid out as in
`pretrain/NAME.txt.xz`, `nli/*.tsv.gz` and `sts/*.tsv`.
"""

import csv
import gzip
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from sbert_core.training.raw_text import read_lines

# Text for masked-language modelling. Small sources of everyday sentences are read twice or three
# times; the novels of the 19th century (gutenberg_clic, eltec) are left out, as far from the
# sentences that people will embed.
PRETRAINING = {
    "openstax": 1,
    "wikipedia": 2,
    "news_travel": 2,
    "medquad": 1,
    "usgov": 1,
    "masc_speeches": 1,
    "dialogue": 1,
    "questions": 1,
    "tatoeba": 2,
    "snli": 3,
    "storybooks": 1,
    "recipes": 1,
    "ud_ewt": 2,
    "wordnet": 1,
    "factbook": 1,
    "arxiv": 1,
    "techdocs": 1,
    "standardebooks": 1,
    "gutenberg": 1,
}
# Sentences for distillation, at most so many of each source: broad, and rich in everyday ones.
SENTENCES = {
    "openstax": 50_000,
    "wikipedia": 60_000,
    "news_travel": 30_000,
    "medquad": 25_000,
    "usgov": 35_000,
    "masc_speeches": 50_000,
    "dialogue": 60_000,
    "questions": 60_000,
    "tatoeba": 60_000,
    "snli": 30_000,
    "storybooks": 15_000,
    "recipes": 5_000,
    "ud_ewt": 5_000,
    "wordnet": 25_000,
    "factbook": 5_000,
    "arxiv": 20_000,
    "techdocs": 30_000,
    "standardebooks": 25_000,
    "gutenberg": 25_000,
}
# MSRpar and MSRvid, the parts of stsb-train from STS 2012, are under Microsoft's non-commercial
# terms and kept out of weights that anyone may use. Their 2,000 rows, and no others, have scores
# with three decimals.
_NON_COMMERCIAL_SCORE = re.compile(r"\d\.\d{3}")

_SENTENCE_END = re.compile(r"""(?<=[.!?])["')]*\s+(?=["'(]*[A-Z0-9])""")
_MIN_WORDS, _MAX_WORDS = 3, 60


def pretraining_files(data: Path) -> list[Path]:
    """Name the text files for `pretrain`; one that counts twice is named twice."""
    return [
        data / "pretrain" / f"{name}.txt.xz"
        for name, times in PRETRAINING.items()
        for _ in range(times)
    ]


def draw_sentences(data: Path, seed: int = 0) -> list[str]:
    """Draw distinct sentences, without any that occurs in the STS Benchmark's dev or test part."""
    rng = np.random.default_rng(seed)
    seen = held_out_sentences(data)
    drawn: list[str] = []
    for name, most in SENTENCES.items():
        fresh = []
        for sentence in _sentences(data / "pretrain" / f"{name}.txt.xz"):
            key = letters(sentence)
            if key not in seen:
                seen.add(key)
                fresh.append(sentence)
        chosen = rng.permutation(len(fresh))[:most]
        drawn += [fresh[place] for place in np.sort(chosen)]
    for sentence in _paired_sentences(data):
        if letters(sentence) not in seen:
            seen.add(letters(sentence))
            drawn.append(sentence)
    return drawn


def held_out_sentences(data: Path) -> set[str]:
    """Return every sentence of stsb-dev and stsb-test, by its letters."""
    return {
        letters(row[column])
        for part in ("dev", "test")
        for row in read_rows(data / "sts" / f"stsb-{part}.tsv")
        for column in ("sentence1", "sentence2")
    }


def _paired_sentences(data: Path) -> Iterator[str]:
    """Yield the sentences that later steps learn from in pairs, here without their labels."""
    for name in ("snli-dev", "snli-test", "cad-train"):
        for row in read_rows(data / "nli" / f"{name}.tsv.gz"):
            yield from (row["premise"], row["hypothesis"])
    for row in read_rows(data / "sts" / "stsb-train.tsv"):
        if not is_non_commercial(row):
            yield from (row["sentence1"], row["sentence2"])


def is_non_commercial(row: dict[str, str]) -> bool:
    """Whether a row of stsb-train belongs to MSRpar or MSRvid."""
    return _NON_COMMERCIAL_SCORE.fullmatch(row["score"]) is not None


def letters(sentence: str) -> str:
    """Reduce a sentence to what makes it the same sentence: letters and digits, in lower case."""
    return "".join(filter(str.isalnum, sentence.casefold()))


def read_rows(path: Path) -> list[dict[str, str]]:
    """Read a tab-separated file without quoting."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))


def _sentences(path: Path) -> Iterator[str]:
    """Yield the sentences of a text file, those of a usual length."""
    for line in read_lines([path]):
        for sentence in _SENTENCE_END.split(line):
            if _MIN_WORDS <= len(sentence.split()) <= _MAX_WORDS:
                yield sentence
