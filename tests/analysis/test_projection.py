import numpy as np
import pytest

from sbert_core.analysis.map_trust import map_trust
from sbert_core.analysis.neighbours import nearest_neighbours
from sbert_core.analysis.pca import principal_axes
from sbert_core.analysis.projection import PROJECTION_METHODS, ProjectionConfig, place, project
from sbert_core.analysis.umap_layout import fuzzy_graph
from sbert_core.errors import Cancelled, DataError

LAYOUTS = ("umap", "tsne")


@pytest.fixture(scope="module")
def umap_map(four_groups):
    return project(four_groups[0], ProjectionConfig(n_neighbors=10))


def test_the_config_goes_through_json_and_back():
    config = ProjectionConfig(method="tsne", dims=3, perplexity=12.5, seed=7)
    assert ProjectionConfig.from_dict(config.to_dict()) == config


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"method": "mds"}, "method='mds' should be one of umap, pca, tsne"),
        ({"dims": 4}, "dims=4 should be 2 or 3"),
        ({"n_neighbors": 1}, "n_neighbors=1 should be between 2 and 200"),
        ({"min_dist": 1.5}, "min_dist=1.5 should be between 0 and 0.99"),
        ({"perplexity": 1}, "perplexity=1 should be between 2 and 200"),
        ({"seed": -1}, "seed=-1 should be between 0 and"),
    ],
)
def test_the_config_refuses_what_no_method_could_draw(wrong, message):
    with pytest.raises(DataError, match=message):
        ProjectionConfig(**wrong)


def test_the_graph_is_that_of_umap_learn(cloud):
    from umap.umap_ import fuzzy_simplicial_set

    found = nearest_neighbours(cloud, 9)
    own = np.arange(len(cloud))[:, None]
    indices = np.hstack([own, found.indices]).astype(np.int32)
    distances = np.hstack([0 * own, np.maximum(1 - found.similarities, 0)]).astype(np.float32)
    random = np.random.RandomState(0)
    theirs, _, _ = fuzzy_simplicial_set(cloud, 10, random, "cosine", {}, indices, distances)
    assert abs(fuzzy_graph(found) - theirs).max() < 1e-5


def test_the_weights_of_a_row_add_up_to_the_log_of_its_neighbours(cloud):
    # Of one row's own opinion: without the neighbours' the graph is directed.
    found = nearest_neighbours(cloud[:40], 8)
    graph = fuzzy_graph(found)
    assert abs(graph - graph.T).max() < 1e-6
    assert graph.data.max() <= 1.0 + 1e-6
    # Joining two opinions never weakens an edge, so a row has at least its own log2(k + 1).
    assert np.asarray(graph.sum(axis=1)).min() >= np.log2(9) - 1e-3


@pytest.mark.parametrize("method", PROJECTION_METHODS)
def test_the_same_call_gives_the_same_map(four_groups, method):
    vectors = four_groups[0]
    config = ProjectionConfig(method=method)
    first = project(vectors, config).coordinates
    assert first.dtype == np.float32
    np.testing.assert_array_equal(first, project(vectors.copy(), config).coordinates)


def test_another_seed_gives_another_umap(four_groups, umap_map):
    other = project(four_groups[0], ProjectionConfig(n_neighbors=10, seed=1))
    assert not np.array_equal(other.coordinates, umap_map.coordinates)


@pytest.mark.parametrize(("method", "dims"), [("umap", 2), ("umap", 3), ("tsne", 2)])
def test_groups_stay_together_on_the_map(four_groups, method, dims):
    vectors, labels = four_groups
    config = ProjectionConfig(method=method, dims=dims, n_neighbors=10, perplexity=8)
    drawn = project(vectors, config)
    assert drawn.coordinates.shape == (len(vectors), dims)
    centers = np.stack([drawn.coordinates[labels == group].mean(axis=0) for group in range(4)])
    distances = np.linalg.norm(drawn.coordinates[:, None] - centers, axis=2)
    np.testing.assert_array_equal(distances.argmin(axis=1), labels)


def test_length_does_not_matter_on_the_map(four_groups):
    vectors = four_groups[0]
    config = ProjectionConfig(method="pca")
    doubled = project(vectors * 4.0, config).coordinates
    np.testing.assert_allclose(doubled, project(vectors, config).coordinates, atol=1e-6)


def test_pca_is_that_of_scikit_learn(cloud):
    from sklearn.decomposition import PCA

    drawn = project(cloud, ProjectionConfig(method="pca", dims=3))
    theirs = PCA(3, svd_solver="full").fit(cloud.astype(np.float64))
    np.testing.assert_allclose(drawn.coordinates, theirs.transform(cloud), atol=1e-5)
    np.testing.assert_allclose(drawn.variance_shares, theirs.explained_variance_ratio_, atol=1e-6)


def test_pca_of_a_line_has_one_axis_and_the_other_is_exactly_zero():
    line = np.outer(np.linspace(-1, 1, 9), [3, 4, 0]).astype(np.float32)
    axes = principal_axes(line, 2)
    np.testing.assert_allclose(axes.axes[:, 0], [0.6, 0.8, 0], atol=1e-6)
    assert axes.variance_shares == pytest.approx((1.0, 0.0))
    assert np.count_nonzero(axes.project(line)[:, 1]) == 0


@pytest.mark.parametrize("method", PROJECTION_METHODS)
@pytest.mark.parametrize("rows", [1, 2, 3, 4, 5, 8])
@pytest.mark.parametrize("dims", [2, 3])
def test_tiny_corpora_have_a_map(method, rows, dims):
    vectors = np.random.default_rng(rows).normal(size=(rows, 6))
    drawn = project(vectors, ProjectionConfig(method=method, dims=dims))
    assert drawn.coordinates.shape == (rows, dims)
    assert np.isfinite(drawn.coordinates).all()
    assert ("this is PCA" in drawn.note) == (method != "pca" and rows < 5)


@pytest.mark.parametrize("method", PROJECTION_METHODS)
def test_identical_rows_lie_on_one_spot(method):
    drawn = project(np.tile([1.0, 2.0, 3.0], (30, 1)), ProjectionConfig(method=method))
    assert len(np.unique(drawn.coordinates, axis=0)) == 1
    zeros = project(np.zeros((30, 3)), ProjectionConfig(method=method))
    np.testing.assert_array_equal(zeros.coordinates, 0.0)


@pytest.mark.parametrize("method", LAYOUTS)
def test_copies_share_a_spot_and_do_not_drift_apart_from_their_group(four_groups, method):
    vectors, labels = four_groups
    copied = np.vstack([vectors, np.repeat(vectors[:1], 50, axis=0)])
    drawn = project(copied, ProjectionConfig(method=method, n_neighbors=10))
    assert "copies of another row, 50 in all" in drawn.note
    np.testing.assert_array_equal(drawn.coordinates[len(vectors) :], drawn.coordinates[[0] * 50])
    same = drawn.coordinates[: len(vectors)][labels == labels[0]]
    other = drawn.coordinates[: len(vectors)][labels != labels[0]]
    spot = drawn.coordinates[0]
    assert np.linalg.norm(same - spot, axis=1).max() < np.linalg.norm(other - spot, axis=1).min()


def test_rows_on_a_line_can_be_laid_out_by_umap():
    angles = np.linspace(0, 1, 20)
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    drawn = project(vectors, ProjectionConfig(dims=3))
    assert np.isfinite(drawn.coordinates).all()


def test_fewer_dimensions_than_the_map_are_filled_up():
    drawn = project(np.array([[1.0], [2.0], [-3.0]]), ProjectionConfig(method="pca", dims=3))
    np.testing.assert_array_equal(drawn.coordinates[:, 1:], 0.0)


def test_progress_names_the_stages_and_can_stop_the_layout(cloud):
    stages = []

    def watch(done, total, message=""):
        stages.append(message)
        assert 0 <= done <= total
        if message == "layout" and done > 0:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        project(cloud, ProjectionConfig(), watch)
    assert list(dict.fromkeys(stages)) == ["neighbours", "graph", "layout"]


def test_umap_prints_nothing(cloud, capfd):
    project(cloud[:40], ProjectionConfig())
    assert capfd.readouterr() == ("", "")


def test_a_placed_row_lands_on_itself_and_the_map_stays(four_groups, umap_map):
    vectors = four_groups[0]
    before = umap_map.coordinates.copy()
    placed = place(vectors, umap_map.coordinates, vectors[[3, 50]] * 2)
    np.testing.assert_allclose(placed, before[[3, 50]], atol=1e-5)
    np.testing.assert_array_equal(umap_map.coordinates, before)


def test_a_new_vector_lands_among_its_group(four_groups, umap_map):
    vectors, labels = four_groups
    new = vectors[labels == 2][:4].mean(axis=0)
    spot = place(vectors, umap_map.coordinates, new[None])[0]
    nearest = np.linalg.norm(umap_map.coordinates - spot, axis=1).argmin()
    assert labels[nearest] == 2


def test_placing_weighs_by_the_inverse_square_of_the_distance():
    # Cosine distances of 0.2 and 0.4: weights 25 and 6.25, so 4 to 1.
    rows = np.array([[0.8, 0.6, 0], [0.6, 0, 0.8]])
    spots = np.array([[0.0, 0.0], [5.0, 10.0]])
    placed = place(rows, spots, np.array([[1.0, 0, 0]]), k=2)
    np.testing.assert_allclose(placed, [[1.0, 2.0]], atol=1e-4)


def test_placing_on_a_pca_map_is_the_projection_itself(cloud):
    drawn = project(cloud, ProjectionConfig(method="pca"))
    placed = place(cloud, drawn.coordinates, cloud[:5] * 3, method="pca")
    np.testing.assert_allclose(placed, drawn.coordinates[:5], atol=1e-6)


def test_placing_needs_the_rows_of_the_map(cloud):
    with pytest.raises(DataError, match="149 points and the corpus 150 rows"):
        place(cloud, np.zeros((149, 2)), cloud[:1])


def test_the_map_is_as_good_as_umap_learns_own(four_groups, umap_map):
    from umap import UMAP

    vectors = four_groups[0]
    theirs = UMAP(n_neighbors=10, metric="cosine", random_state=42, n_jobs=1).fit_transform(vectors)
    ours = map_trust(vectors, umap_map.coordinates, k=10).trustworthiness
    assert ours > map_trust(vectors, theirs, k=10).trustworthiness - 0.01
