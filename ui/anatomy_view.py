"""Inside an encoder: from the tokens of one sentence to its vector, so that pooling can be seen."""

from typing import TYPE_CHECKING

import streamlit as st

from sbert_core.charts.anatomy import layer_heatmap, token_bars, vector_strips
from sbert_core.charts.layout import QUIET_CONFIG
from sbert_core.lab import Lab
from sbert_core.scripts import anatomy_script

from . import state
from .script_export import offer_script
from .wording import counted, plain

if TYPE_CHECKING:
    from sbert_core.desk_results import Anatomy

_SIDES = ("First sentence", "Second sentence")
_POOLINGS = {
    "cls": "takes the vector of the first token, [CLS], and drops all others",
    "mean": "takes the mean of all token vectors",
    "mean_content": "takes the mean of the token vectors, without [CLS] and [SEP]",
    "max": "takes the largest value of each dimension over all tokens",
    "mean_sqrt_len": "adds up the token vectors and divides by the root of their number",
    "first_last": "takes the mean of the first and last layer, then of all tokens",
    "pooler": "sends the [CLS] vector through one more layer of the network",
}


def show_anatomy(lab: Lab, a: str, b: str, model: str) -> None:
    """Tokens, [CLS] and pooled vector, and layers of one sentence under one encoder."""
    side = st.segmented_control(
        "Sentence", _SIDES, default=_SIDES[0], required=True, key="anatomy_side"
    )
    with st.spinner("Looking into the encoder …"):
        sentence = b if side == _SIDES[1] else a
        anatomy = lab.explanation.anatomy(sentence, model)
    st.markdown(_in_words(anatomy))
    if anatomy.truncated:
        st.warning(f"{plain(anatomy.model)} reads only the beginning of this sentence.")
    if not anatomy.pieces:
        st.info("No token of this sentence is known to this encoder, so its vector is zero.")
        return
    _tokens(anatomy)
    if anatomy.layers == 0:
        st.info(
            f"{plain(anatomy.model)} is a table of token vectors: it has no layers and no [CLS] "
            "token, and a word has the same vector in every sentence."
        )
        return
    vectors, layers = st.columns([3, 2], gap="large")
    with vectors:
        _vectors(anatomy)
    with layers:
        _layers(anatomy)
    offer_script("anatomy", anatomy_script(sentence, model))


def _in_words(anatomy: "Anatomy") -> str:
    """Say what happens to a sentence."""
    poolings = [_POOLINGS.get(mode, mode) for mode in anatomy.pooling.split("+")]
    through = f" through {counted(anatomy.layers, 'layer')}" if anatomy.layers else ""
    return (
        f"**{plain(anatomy.model)}** splits the sentence into "
        f"{counted(len(anatomy.pieces), 'token')}, sends them{through}, and "
        f"{', and '.join(poolings)}: one vector of {anatomy.dims} numbers."
        if anatomy.layers
        else f"**{plain(anatomy.model)}** splits the sentence into "
        f"{counted(len(anatomy.pieces), 'token')}, looks each one up in a table, and "
        f"{', and '.join(poolings)}: one vector of {anatomy.dims} numbers."
    )


def _tokens(anatomy: "Anatomy") -> None:
    """Every token's vector: its length, and how near it is to the sentence's."""
    st.markdown("**Tokens**")
    st.plotly_chart(
        token_bars(anatomy.pieces, anatomy.special, anatomy.norms, anatomy.to_pooled, state.mode()),
        key="anatomy_tokens",
        theme=None,
        config=QUIET_CONFIG,
        alt="Bars: length of each token's vector, and its cosine with the pooled vector",
    )
    st.caption(
        "How to read it: above, how long each token's vector is (a longer one weighs more in a "
        "mean); below, its cosine with the pooled vector. Pale bars are tokens that the encoder "
        "adds; ## marks a piece that continues a word."
    )


def _vectors(anatomy: "Anatomy") -> None:
    """The [CLS] vector above the pooled one."""
    st.markdown("**[CLS] and the pooled vector**")
    if anatomy.first is None or anatomy.first_to_pooled is None:
        st.caption("This encoder begins a sentence with no token of its own.")
        return
    name = anatomy.pieces[0]
    st.plotly_chart(
        vector_strips([anatomy.first, anatomy.pooled], [name, "pooled"], state.mode()),
        key="anatomy_vectors",
        theme=None,
        config=QUIET_CONFIG,
        alt="Two strips of colour: the first token's vector and the pooled vector",
    )
    same = " They are one and the same under this pooling." if anatomy.pooling == "cls" else ""
    st.caption(
        f"How to read it: one thin column per dimension, blue above 0 and orange below, both "
        f"scaled to length 1. Their cosine is {anatomy.first_to_pooled:.3f}: the more alike the "
        f"strips, the less the choice between [CLS] and pooling matters.{same}"
    )


def _layers(anatomy: "Anatomy") -> None:
    """How the pooled vector changes on its way through the layers."""
    st.markdown("**Layer by layer**")
    st.plotly_chart(
        layer_heatmap(anatomy.layer_cosines, state.mode()),
        key="anatomy_layers",
        theme=None,
        config=QUIET_CONFIG,
        alt="Heat map: cosine between the pooled vectors of all layers",
    )
    kin = (
        ""
        if anatomy.layer_pooling == anatomy.pooling
        else f" Here each layer is pooled by {anatomy.layer_pooling}, as {anatomy.pooling} needs "
        "more than one layer or network part."
    )
    st.caption(
        "How to read it: the cosine between the sentence pooled after one layer and after "
        f"another. Where neighbours are pale, that layer changed the sentence most.{kin}"
    )
