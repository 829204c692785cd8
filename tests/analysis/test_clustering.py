import json

import numpy as np
import pytest

from sbert_core.analysis import choose_k as choosing
from sbert_core.analysis.choose_k import SilhouetteCurve, choose_k
from sbert_core.analysis.clustering import (
    ClusterConfig,
    cluster,
    label_agreement,
)
from sbert_core.analysis.kmeans import cluster_sums, k_means, rough_labels
from sbert_core.analysis.silhouette import cosine_silhouettes
from sbert_core.errors import Cancelled, DataError

from .conftest import gaussian_groups


def same_partition(labels, others):
    """Whether two labellings group the same rows, whatever the groups are called."""
    pairs = set(zip(labels.tolist(), others.tolist(), strict=True))
    return len(pairs) == len(set(labels.tolist())) == len(set(others.tolist()))


def test_the_config_goes_through_json_and_back():
    config = ClusterConfig(k=5, seed=3)
    assert ClusterConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


@pytest.mark.parametrize("k", [1, 0, -3])
def test_fewer_than_two_groups_cannot_be_asked_for(k):
    with pytest.raises(DataError, match=f"k={k} should be at least 2; leave it out"):
        ClusterConfig(k=k)


def test_a_seed_is_a_32_bit_number():
    with pytest.raises(DataError, match="seed=4294967296"):
        ClusterConfig(seed=2**32)


def test_groups_that_are_there_are_found(four_groups):
    vectors, truth = four_groups
    assert same_partition(cluster(vectors, ClusterConfig(k=4)).labels, truth)


def test_the_number_of_groups_is_found_and_well_determined(four_groups):
    vectors, truth = four_groups
    found = cluster(vectors, ClusterConfig())
    assert same_partition(found.labels, truth)
    assert found.k_choice is not None
    assert (found.k_choice.k, found.k_choice.well_determined) == (4, True)
    assert found.k_choice.sentence.startswith("4 groups score best")


def test_clusters_are_numbered_by_size_then_by_first_row():
    vectors = np.repeat(np.eye(4), [2, 5, 3, 2], axis=0)
    labels = cluster(vectors, ClusterConfig(k=4)).labels
    assert labels.dtype == np.int32
    assert labels.tolist() == [2] * 2 + [0] * 5 + [1] * 3 + [3] * 2


def test_results_belong_to_the_numbers_of_the_clusters(four_groups):
    vectors = four_groups[0]
    found = cluster(vectors, ClusterConfig(k=3))
    samples = cosine_silhouettes(vectors, found.labels, 3)
    for number in range(3):
        members = vectors[found.labels == number]
        np.testing.assert_allclose(found.centers[number], members.mean(axis=0), atol=1e-5)
        own = samples[found.labels == number].mean()
        assert found.cluster_silhouettes[number] == pytest.approx(own, abs=1e-6)
    spread = np.square(vectors - found.centers[found.labels]).sum()
    assert found.inertia == pytest.approx(spread, rel=1e-4)
    assert found.silhouette == pytest.approx(samples.mean(), abs=1e-6)


def test_the_same_seed_gives_the_same_clusters(cloud):
    first, second = (cluster(cloud, ClusterConfig(k=6, seed=9)) for _ in range(2))
    np.testing.assert_array_equal(first.labels, second.labels)
    assert first.inertia == second.inertia


def test_length_does_not_matter(four_groups):
    vectors = four_groups[0]
    lengths = np.random.default_rng(0).uniform(0.1, 9, size=(len(vectors), 1))
    plain, scaled = (cluster(v, ClusterConfig(k=4)) for v in (vectors, vectors * lengths))
    np.testing.assert_array_equal(plain.labels, scaled.labels)


@pytest.mark.parametrize("k", [2, 8, 20])
def test_inertia_is_as_small_as_that_of_ten_starts(k):
    from sklearn.cluster import KMeans

    vectors = gaussian_groups(20, 40, dims=32, spread=0.15, seed=4)[0]
    theirs = KMeans(k, n_init=10, random_state=0).fit(vectors).inertia_
    assert k_means(vectors, k, seed=1).inertia <= theirs * 1.005


def test_swaps_better_the_start():
    vectors = gaussian_groups(1, 400, dims=16, spread=1.0, seed=5)[0]
    plain = [k_means(vectors, 30, seed, swaps=0).inertia for seed in range(3)]
    swapped = [k_means(vectors, 30, seed).inertia for seed in range(3)]
    assert all(better < start for start, better in zip(plain, swapped, strict=True))


def test_sums_of_clusters_leave_an_empty_one_at_zero():
    vectors = np.array([[1, 2], [3, 4], [5, 6]], dtype=np.float32)
    sums, sizes = cluster_sums(vectors, np.array([2, 0, 2]), 3)
    assert sums.tolist() == [[3, 4], [0, 0], [6, 8]]
    assert sizes.tolist() == [1, 0, 2]


@pytest.mark.parametrize("k", [2, 7])
def test_silhouettes_are_those_of_scikit_learn(cloud, k):
    from sklearn.metrics import silhouette_samples

    labels = np.random.default_rng(k).integers(k, size=len(cloud))
    labels[:k] = np.arange(k)
    labels[labels == k - 1] = 0
    labels[3] = k - 1  # alone in its cluster
    theirs = silhouette_samples(cloud, labels, metric="cosine")
    ours = cosine_silhouettes(cloud, labels, k)
    np.testing.assert_allclose(ours, theirs, atol=1e-5)
    assert ours[3] == 0.0


def test_silhouettes_of_a_zero_row_are_those_of_scikit_learn(cloud):
    from sklearn.metrics import silhouette_samples

    vectors = cloud.copy()
    vectors[[0, 7]] = 0.0
    labels = rough_labels(cloud, 3, seed=0)
    theirs = silhouette_samples(vectors, labels, metric="cosine")
    np.testing.assert_allclose(cosine_silhouettes(vectors, labels, 3), theirs, atol=1e-5)


def test_an_empty_cluster_is_nobodys_next_cluster(cloud):
    labels = np.arange(len(cloud)) % 2
    np.testing.assert_array_equal(
        cosine_silhouettes(cloud, labels * 2, 3), cosine_silhouettes(cloud, labels, 2)
    )


def test_rows_that_differ_by_rounding_only_are_no_groups():
    noise = 1e-7 * np.random.default_rng(0).normal(size=(40, 8))
    vectors = (1 + noise).astype(np.float32)
    for config in (ClusterConfig(), ClusterConfig(k=2)):
        assert cluster(vectors, config).silhouette == pytest.approx(0.0, abs=1e-3)
    choice = choose_k(vectors, seed=0)
    assert choice is None or not choice.well_determined


def test_more_clusters_than_different_rows_are_refused_with_both_numbers():
    vectors = np.repeat(np.eye(3), 4, axis=0)
    assert cluster(vectors, ClusterConfig(k=3)).k == 3
    with pytest.raises(DataError, match=r"k=5 should be at most 3: .* the 12 rows have"):
        cluster(vectors, ClusterConfig(k=5))
    with pytest.raises(DataError, match="k=2 should be at most 1"):
        cluster(np.ones((6, 2)), ClusterConfig(k=2))


@pytest.mark.parametrize(
    ("vectors", "note"),
    [
        (np.ones((1, 3)), "only one row"),
        (np.eye(2), "2 rows are too few"),
        (np.ones((40, 3)), "All 40 rows have the same vector"),
        (np.zeros((5, 3)), "All 5 rows have the same vector"),
    ],
)
def test_where_there_is_nothing_to_group_all_rows_are_one_group(vectors, note):
    found = cluster(vectors, ClusterConfig())
    assert found.k == 1
    assert found.labels.tolist() == [0] * len(vectors)
    assert (found.silhouette, found.cluster_silhouettes, found.k_choice) == (None, (), None)
    assert note in found.note


@pytest.mark.parametrize("rows", [3, 4, 5, 9])
def test_tiny_corpora_are_grouped(rows):
    vectors = np.random.default_rng(rows).normal(size=(rows, 5))
    found = cluster(vectors, ClusterConfig())
    assert 2 <= found.k < rows
    assert -1 <= found.silhouette <= 1


def test_two_sentences_with_copies_are_two_groups():
    found = cluster(np.repeat(np.eye(2), 10, axis=0), ClusterConfig())
    assert found.k == 2
    assert found.silhouette == pytest.approx(1.0)


def test_the_number_of_a_cloud_is_not_well_determined():
    vectors = gaussian_groups(1, 300, dims=48, spread=10.0, seed=2)[0]
    choice = choose_k(vectors, seed=0)
    assert choice is not None
    assert not choice.well_determined
    assert "is a choice, not a finding" in choice.sentence


def test_a_large_corpus_is_tried_on_a_sample_and_the_sentence_says_so(four_groups, monkeypatch):
    monkeypatch.setattr(choosing, "SAMPLE_ROWS", 80)
    choice = choose_k(four_groups[0], seed=0)
    assert choice is not None
    assert (choice.k, choice.rows) == (4, 80)
    assert choice.sentence.endswith("Tried on a sample of 80 of 120 rows.")


def test_a_peak_is_one_answer():
    curve = SilhouetteCurve({2: 0.1, 4: 0.2, 8: 0.4, 9: 0.38, 16: 0.2})
    assert (curve.best, curve.near, curve.rivals) == (8, [8, 9], [])
    assert curve.is_well_determined
    assert curve.sentence(8) == "8 groups score best (of 2 to 16 tried, silhouette 0.40)."


def test_a_plateau_is_named_with_its_ends():
    curve = SilhouetteCurve({2: 0.05, 40: 0.11, 64: 0.115, 90: 0.12, 128: 0.06})
    assert curve.near == [40, 64, 90]
    assert not curve.is_well_determined
    assert curve.sentence(60) == (
        "Between 40 and 90 groups score almost the same (silhouette 0.11 to 0.12): the number of "
        "groups is not well determined here; 60 is a choice, not a finding."
    )


def test_a_curve_that_still_rises_at_its_end_determines_nothing():
    assert SilhouetteCurve({2: 0.1, 80: 0.3, 100: 0.31}).is_flat


def test_a_second_peak_is_a_rival():
    curve = SilhouetteCurve({3: 0.40, 8: 0.2, 50: 0.39, 100: 0.1})
    assert curve.rivals == [50]
    assert not curve.is_well_determined
    assert "3 groups score best (silhouette 0.40), but 50 score almost" in curve.sentence(3)


def test_a_weak_peak_determines_nothing():
    curve = SilhouetteCurve({2: 0.001, 5: 0.02, 9: 0.002})
    assert not curve.is_well_determined
    assert "no number separates them" in curve.sentence(5)


def test_progress_names_the_stages_and_can_stop(four_groups):
    stages = []

    def watch(done, total, message=""):
        stages.append(message)
        assert 0 <= done < total
        if message == "clusters" and done == 3:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        cluster(four_groups[0], ClusterConfig(), watch)
    assert stages[0] == "trying 2 groups"
    assert stages[-1] == "clusters"


def test_agreement_ignores_what_clusters_are_called():
    agreement = label_agreement(np.array([2, 2, 0, 0, 1]), ["a", "a", "b", "b", "c"])
    assert agreement.v_measure == pytest.approx(1.0)
    assert (agreement.ari, agreement.rows) == (pytest.approx(1.0), 5)


def test_agreement_worked_out_by_hand():
    # Two labels spread evenly over two clusters: neither says anything on the other.
    agreement = label_agreement(np.array([0, 0, 1, 1]), ["a", "b", "a", "b"])
    assert agreement.v_measure == pytest.approx(0.0, abs=1e-12)
    assert agreement.ari == pytest.approx(-0.5)


def test_rows_without_a_label_are_left_out():
    import pandas as pd

    gold = ["a", "  ", "b", None, float("nan"), pd.NA, "", "nan", 3]
    assert label_agreement(np.arange(9), gold).rows == 4


def test_labels_that_do_not_fit_are_refused():
    with pytest.raises(DataError, match="2 labels for 3 rows"):
        label_agreement(np.zeros(3, dtype=int), ["a", "b"])
    with pytest.raises(DataError, match="None of the 2 rows has a label"):
        label_agreement(np.zeros(2, dtype=int), ["", None])
