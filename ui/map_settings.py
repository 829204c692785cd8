"""The controls of the map: what people change often in one line, the rest folded."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from sbert_core.lab import ClusterConfig, CorpusInfo, ProjectionConfig, ProjectionMethod

from . import state
from .cached import GROUPS

_METHODS = {"umap": "UMAP", "pca": "PCA", "tsne": "t-SNE"}
_MOST_NEIGHBOURS = 100
_DEFAULTS = ProjectionConfig()


@dataclass(frozen=True)
class MapSettings:
    """What the map shows.

    Attributes:
        projection: How it is drawn.
        clusters: How sentences are grouped.
        colour: `GROUPS`, or the column that colours the points.
    """

    projection: ProjectionConfig
    clusters: ClusterConfig
    colour: str


def map_settings(info: CorpusInfo) -> MapSettings:
    """Draw the controls and return what is chosen."""
    method_box, dims_box, colour_box, k_box, more_box = st.columns(
        [3, 2, 3, 3, 2], vertical_alignment="bottom"
    )
    with method_box:
        method = _segments("Drawn by", "map_method", list(_METHODS), "umap", _METHODS.get)
    with dims_box:
        dims = _segments("In", "map_dims", [2, 3], 2, lambda n: f"{n}-D")
    with colour_box:
        colour = _colour(info)
    with k_box:
        k = st.number_input(
            "How many groups (k)",
            min_value=2,
            max_value=500,
            value=state.recall("map_k", None),
            placeholder="chosen for you",
            key="map_k",
            on_change=state.keep,
            args=("map_k",),
            help="More groups are smaller and more alike inside; fewer are broader. Leave it empty "
            "and the number with the best silhouette is chosen.",
        )
    with more_box, st.popover("More", icon=":material/tune:", width="stretch"):
        projection = _advanced(method, dims)
        seed = projection.seed
    return MapSettings(projection, ClusterConfig(k=k, seed=seed), colour)


def _segments(
    label: str, name: str, options: list[Any], default: Any, shown: Callable[[Any], Any]
) -> Any:
    """A row of buttons that remembers its choice across pages."""
    chosen = st.segmented_control(
        label,
        options,
        default=state.recall(name, default),
        format_func=shown,
        key=name,
        on_change=state.keep,
        args=(name,),
    )
    return chosen or default


def _colour(info: CorpusInfo) -> str:
    """Choose what colours the points: groups, the labels, or any other column."""
    labels = [info.label_column] if info.label_column else []
    others = [c for c in info.columns if c not in (*labels, info.text_column)]
    options = [GROUPS, *labels, *others]
    kept = state.recall("map_colour", GROUPS)
    return st.selectbox(
        "Coloured by",
        options,
        index=options.index(kept) if kept in options else 0,
        key="map_colour",
        on_change=state.keep,
        args=("map_colour",),
    )


def _advanced(method: ProjectionMethod, dims: int) -> ProjectionConfig:
    """Settings that few need; they apply together."""
    kept: ProjectionConfig = state.recall("map_advanced", ProjectionConfig())
    with st.form("map_advanced_form", border=False):
        n_neighbors = st.slider(
            "Neighbours (UMAP)",
            2,
            _MOST_NEIGHBOURS,
            kept.n_neighbors,
            help="Larger values show the broad shape of the corpus, smaller ones its fine grain.",
        )
        min_dist = st.slider(
            "Spacing (UMAP, min_dist)",
            0.0,
            0.99,
            kept.min_dist,
            help="Larger values spread points evenly, smaller ones pack groups tightly.",
        )
        perplexity = st.slider(
            "Perplexity (t-SNE)",
            5,
            100,
            int(kept.perplexity),
            help="About how many neighbours each point minds: larger is broader.",
        )
        seed = st.number_input(
            "Seed",
            0,
            2**31 - 1,
            kept.seed,
            help="The same seed gives the same map and groups; another one shows how much of the "
            "picture is chance.",
        )
        if st.form_submit_button("Apply", width="stretch"):
            kept = ProjectionConfig(
                n_neighbors=n_neighbors, min_dist=min_dist, perplexity=perplexity, seed=seed
            )
            state.keep_value("map_advanced", kept)
    # A setting that the method does not read stays at its default: changing it is no new map.
    if method == "umap":
        return replace(kept, method="umap", dims=dims, perplexity=_DEFAULTS.perplexity)
    bare = replace(_DEFAULTS, method=method, dims=dims, seed=kept.seed)
    return replace(bare, perplexity=kept.perplexity) if method == "tsne" else bare
