"""The command that explains: `explain` says which words make two sentences similar."""

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .cli_options import Answer, TerminalProgress, add_command, add_model, open_lab

# Nothing heavy is imported up here: `--help` answers at once.
if TYPE_CHECKING:
    from .explanation_desk import PairExplanation, WordEffects

_METHODS = ("auto", "tokens", "gradients", "words")
_TOP_PAIRS = 10


def add_explain(commands: Any) -> None:
    """`explain`: why a pair is similar."""
    parser = add_command(commands, "explain", run_explain, "say which words make a pair similar")
    parser.add_argument("a", metavar="A", help="a sentence")
    parser.add_argument("b", metavar="B", help="another sentence")
    add_model(parser)
    parser.add_argument(
        "--method",
        choices=_METHODS,
        default="auto",
        help="tokens: exact, for mean pooling and its kin; gradients: integrated gradients, for "
        "any network; words: leave one word out; auto (default): the best that the encoder allows",
    )


def run_explain(options: argparse.Namespace) -> Answer:
    """Explain a pair under one encoder."""
    progress = TerminalProgress("explain")
    desk = open_lab(options).explanation
    found = desk.explain(options.a, options.b, options.model, options.method, progress)
    answer: Answer = {
        "model": found.model,
        "pooling": found.pooling,
        "method": found.method,
        "cosine": found.cosine,
        "a": _side(found.a),
        "b": _side(found.b),
    }
    return answer | (_pairs(found) if found.contributions is not None else {})


def explain_text(answer: Mapping[str, Any]) -> str:
    """Write an explanation for a terminal."""
    lines = [f"{answer['model']}, by {answer['method']}: cosine {answer['cosine']:.4f}"]
    if "special_share" in answer:
        lines.append(f"of which pairs with a special token make {answer['special_share']:.4f}")
    for side in ("a", "b"):
        effects = answer[side]
        lines += ["", "first sentence" if side == "a" else "second sentence"]
        lines += [f"  {word['contribution']:+.4f}  {word['text']}" for word in effects["words"]]
        if answer["method"] != "tokens":
            lines.append(f"  {effects['baseline']:+.4f}  (there without the words)")
            lines.append(f"  {effects['residual']:+.4f}  (left over)")
        if effects["truncated"]:
            lines.append("  only its beginning was read")
    if answer.get("pairs"):
        lines += ["", "strongest pairs"]
        lines += [f"  {p['contribution']:+.4f}  {p['a']} × {p['b']}" for p in answer["pairs"]]
    return "\n".join(lines)


def _side(effects: "WordEffects") -> Answer:
    """Give the words of one sentence."""
    words = zip(effects.sentence.words, effects.values.tolist(), strict=True)
    return {
        "words": [
            {"text": word.text, "contribution": value, "special": word.special}
            for word, value in words
        ],
        "baseline": effects.baseline,
        "residual": effects.residual,
        "truncated": effects.sentence.truncated,
    }


def _pairs(found: "PairExplanation") -> Answer:
    """Give what pairs of words add: all as a matrix, the strongest by name."""
    assert found.contributions is not None
    return {
        "special_share": found.special_share,
        "pairs": [
            {"a": a, "b": b, "contribution": value} for a, b, value in found.top_pairs(_TOP_PAIRS)
        ],
        "matrix": found.contributions.tolist(),
    }
