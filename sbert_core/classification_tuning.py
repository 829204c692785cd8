"""Fine-tuning an encoder on a few labelled rows, and whether it helped.

Pairs of one class are alike, pairs of two are not; the encoder learns that from as many of each as
a few rows give (Tunstall et al. 2022, "Efficient Few-Shot Learning Without Prompts", SetFit). Then
a head learns from the same rows on the old and on the new vectors, and both are tested on rows that
neither has seen.
"""

import csv
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .analysis.classify import ClassifyScores, classify_scores, fit_head
from .classification import Examples, FewShotConfig
from .errors import DataError
from .hashing import content_key
from .protocols import Progress
from .training_request import TrainConfig, TrainData, TrainRequest

if TYPE_CHECKING:
    from .lab import Lab

OBJECTIVE = "contrastive"
_MOST_PAIRS = 4_000
_LEAST_PAIRS = 20  # a dev set of ten of them still says which step is best
_DEV_PAIRS = 200
_BATCH = 16
_LEAST_STEPS = 150  # of few pairs several passes, of many one
_TESTED, _UNLABELLED = 2_000, 5_000
_HELD_OUT = 3  # of labelled rows that are all examples, every third is held out
_RESAMPLES = 2_000
_SECONDS_PER_STEP = 0.12  # of 16 pairs of short sentences in a small encoder, on two cores


class Tuning:
    """Makes pairs of examples, trains, and compares.

    Args:
        lab: The Lab. Pairs are kept in `labels/pairs` of its workspace.
    """

    def __init__(self, lab: "Lab") -> None:
        self._lab = lab
        self.folder = lab.workspace.root / "labels" / "pairs"

    def estimate(self, model: str, examples: Examples) -> float:
        """Forecast the time in seconds, from the size of the encoder and the number of pairs."""
        taught = len(examples.rows)
        pairs = min(_MOST_PAIRS, taught * max(2, taught // max(2, len(set(examples.labels)))))
        layers = max(1, self._lab.resolve(model).info.layers)
        return 10 + max(_LEAST_STEPS, pairs / _BATCH) * _SECONDS_PER_STEP * layers / 6

    def run(
        self,
        corpus_id: str,
        model: str,
        examples: Examples,
        config: FewShotConfig,
        progress: Progress,
    ) -> dict[str, Any]:
        """Train and compare; returns the fields of `Tuned` as JSON values."""
        examples = _with_test(examples, config.seed)
        texts = self._lab.texts(corpus_id)
        train, dev, pairs = self._pairs([texts[row] for row in examples.rows], examples, config)
        request = self._request(model, train, dev, pairs, config)
        self._lab.training.run(request, progress)
        tested, others = _sampled(examples, len(texts), config.seed)
        rows = np.concatenate([np.array(examples.rows), others])
        old = self._lab.vectors(corpus_id, model, progress)[rows]
        encoder = self._lab.encoder(str(self._lab.training.folder / request.run_id / "model"))
        new = encoder.encode([texts[row] for row in rows], progress)
        place = {int(row): i for i, row in enumerate(rows)}
        held = [place[row] for row, _ in tested]
        gold = [label for _, label in tested]
        progress(0, 0, "comparing before and after")
        before, was_right = _judge(old, examples, held, gold, config)
        after, is_right = _judge(new, examples, held, gold, config)
        low, high = _interval(was_right, is_right, config.seed)
        return {
            "training_run": request.run_id,
            "examples": len(examples.rows),
            "pairs": pairs,
            "before": asdict(before),
            "after": asdict(after),
            "gain": after.accuracy - before.accuracy,
            "low": low,
            "high": high,
        }

    def _pairs(
        self, texts: Sequence[str], examples: Examples, config: FewShotConfig
    ) -> tuple[Path, Path, int]:
        """Write the pairs to learn from and those that choose the best step."""
        from .training.labelled_texts import examples_from_labels

        built = examples_from_labels(
            texts, examples.labels, "labelled_pairs", _MOST_PAIRS, config.seed
        )
        if len(built) < _LEAST_PAIRS:
            raise DataError(
                f"{len(texts)} labelled rows give only {len(built)} pairs, too few to fine-tune "
                "on: label at least five rows of two classes."
            )
        assert built.labels is not None
        first, second = built.columns
        lines = list(zip(first, second, built.labels.tolist(), strict=True))
        held = min(_DEV_PAIRS, max(_LEAST_PAIRS // 2, len(lines) // 10))
        name = content_key("pairs", [list(line) for line in lines])
        self.folder.mkdir(parents=True, exist_ok=True)
        train, dev = self.folder / f"{name}-train.csv", self.folder / f"{name}-dev.csv"
        _write(train, "label", lines[held:])
        _write(dev, "score", lines[:held])
        return train, dev, len(lines) - held

    def _request(
        self, model: str, train: Path, dev: Path, pairs: int, config: FewShotConfig
    ) -> TrainRequest:
        """Describe the training run."""
        steps = -(-pairs // _BATCH)
        rate = self._lab.training.learning_rate(model)
        return TrainRequest(
            base=model,
            objective=OBJECTIVE,
            data=TrainData("file", str(train), {"a": "a", "b": "b", "label": "label"}),
            config=TrainConfig(
                epochs=max(1, -(-_LEAST_STEPS // steps)),
                batch_size=_BATCH,
                learning_rate=rate,
                seed=config.seed,
            ),
            dev=str(dev),
        )


def _with_test(examples: Examples, seed: int) -> Examples:
    """Hold a third of each class out where all labelled rows are examples."""
    if examples.test_rows:
        return examples
    counts = {name: examples.labels.count(name) for name in set(examples.labels)}
    if sum(count >= _HELD_OUT for count in counts.values()) < 2:
        raise DataError(
            "Before and after are compared on labelled rows that are held out: label at least "
            "three rows of two classes."
        )
    least = {name: count // _HELD_OUT for name, count in counts.items()}
    rng = np.random.default_rng(seed)
    held: set[int] = set()
    for name in sorted(counts):
        own = [
            row for row, label in zip(examples.rows, examples.labels, strict=True) if label == name
        ]
        held.update(int(row) for row in rng.permutation(own)[: least[name]])
    both = list(zip(examples.rows, examples.labels, strict=True))
    kept = [pair for pair in both if pair[0] not in held]
    out = [pair for pair in both if pair[0] in held]
    rows, labels = zip(*kept, strict=True)
    test_rows, test_labels = zip(*out, strict=True)
    return Examples(rows, labels, test_rows, test_labels)


def _sampled(
    examples: Examples, total: int, seed: int
) -> tuple[list[tuple[int, str]], NDArray[np.int64]]:
    """Choose the rows to test on, and unlabelled rows for the heads, those to test on first."""
    rng = np.random.default_rng(seed)
    tests = list(zip(examples.test_rows, examples.test_labels, strict=True))
    chosen = np.sort(rng.permutation(len(tests))[:_TESTED])
    tested = [tests[place] for place in chosen]
    taken = np.array([*examples.rows, *(row for row, _ in tested)], dtype=np.int64)
    rest = rng.permutation(np.setdiff1d(np.arange(total), taken))[: _UNLABELLED - len(tested)]
    return tested, np.concatenate([np.array([row for row, _ in tested], np.int64), np.sort(rest)])


def _judge(
    vectors: NDArray[np.float32],
    examples: Examples,
    held: Sequence[int],
    gold: Sequence[str],
    config: FewShotConfig,
) -> tuple[ClassifyScores, NDArray[np.bool_]]:
    """Learn a head on one encoder's vectors and test it; also says which rows were right."""
    shots = len(examples.rows)
    fitted = fit_head(vectors[:shots], examples.labels, config.head, vectors[shots:])
    labels, _, _ = fitted.head.predict(vectors[list(held)])
    guesses = [fitted.head.classes[label] for label in labels]
    right = np.array([guess == label for guess, label in zip(guesses, gold, strict=True)])
    return classify_scores(gold, guesses, fitted.head.classes), right


def _interval(
    before: NDArray[np.bool_], after: NDArray[np.bool_], seed: int
) -> tuple[float, float]:
    """Give the 95 % interval of the gain by resampling test rows (paired bootstrap)."""
    moved = after.astype(np.float64) - before
    rng = np.random.default_rng(seed)
    counts = rng.multinomial(len(moved), np.full(len(moved), 1 / len(moved)), _RESAMPLES)
    low, high = np.quantile(counts @ moved / len(moved), [0.025, 0.975])
    return float(low), float(high)


def _write(path: Path, value: str, lines: Sequence[tuple[str, str, int]]) -> None:
    """Write pairs as CSV, unless they are there: a file's time is a part of a run's identity."""
    if path.is_file():
        return
    partial = path.with_suffix(".partial")
    with partial.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["a", "b", value])
        writer.writerows(lines)
    partial.replace(path)
