"""Export as Python script: short programs against the Lab that repeat what was clicked on a page.

Each function takes what a page shows and returns the text of a script. The Lab knows every stored
result by its request, so a script that runs in the same workspace gets what the page showed.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .script_text import ScriptText, call, written
from .scripts_benchmark import (
    graded_pairs_script,
    race_script,
    reranked_query_script,
    reranking_depths_script,
    speed_script,
    task_script,
)

if TYPE_CHECKING:
    from .analysis.clustering import ClusterConfig
    from .analysis.projection import ProjectionConfig
    from .comparison import CompareConfig
    from .corpus.records import CorpusInfo
    from .search_request import SearchMode, SearchRequest
    from .training_request import TrainRequest

__all__ = [
    "anatomy_script",
    "comparison_script",
    "duplicates_script",
    "embedding_script",
    "graded_pairs_script",
    "home_script",
    "many_searches_script",
    "map_script",
    "matrix_script",
    "pair_script",
    "race_script",
    "reranked_query_script",
    "reranking_depths_script",
    "search_script",
    "speed_script",
    "task_script",
    "training_script",
]

# More queries than this are taken from the workspace: a script is to be read.
_QUERIES_WRITTEN = 50


def home_script(a: str, b: str, models: Sequence[str], model: str) -> str:
    """Write what Home shows: the sample's map and groups, and one pair under several encoders.

    Args:
        a: The first sentence of the pair.
        b: The second one.
        models: Encoder strings for the pair.
        model: Encoder string of the map.
    """
    script = ScriptText("The bundled sample as a map with named groups, and one sentence pair.")
    script.use("sbert_core.sample", "install")
    script.open_lab()
    script.add("corpus = install(lab)  # the bundled sample", f"model = {written(model)}", "")
    script.add(
        "drawn = lab.map(corpus.corpus_id, model)",
        "grouped = lab.cluster(corpus.corpus_id, model)",
        "table = lab.table(corpus.corpus_id, clusters=grouped, drawn=drawn)",
    )
    script.save_csv("table", "groups.csv")
    script.add("")
    _add_pair(script, a, b, models)
    return script.text()


def embedding_script(info: "CorpusInfo", model: str) -> str:
    """Write how a corpus is embedded; its vectors are saved beside the user's columns."""
    script = _on_corpus("The sentences of a file as vectors.", info, model)
    script.use("pathlib", "Path")
    script.use("sbert_core.lab", "to_parquet")
    script.add(
        "embedded = lab.embed(corpus.corpus_id, model)",
        'print(f"{embedded.rows:,} vectors of {embedded.dims} numbers")',
        "vectors = lab.vectors(corpus.corpus_id, model)  # NumPy array, one row a sentence",
        "table = lab.table(corpus.corpus_id, model=model)",
        'Path("vectors.parquet").write_bytes(to_parquet(table))',
    )
    return script.text()


def map_script(
    info: "CorpusInfo", model: str, projection: "ProjectionConfig", clusters: "ClusterConfig"
) -> str:
    """Write how a corpus is drawn and grouped."""
    script = _on_corpus("A map of sentences, and their groups with names.", info, model)
    script.use("pathlib", "Path")
    script.use("sbert_core.lab", "ClusterConfig", "ProjectionConfig")
    script.add(
        "drawn = " + call("lab.map", "corpus.corpus_id", "model", written(projection)),
        "grouped = " + call("lab.cluster", "corpus.corpus_id", "model", written(clusters)),
        "for name, size in zip(grouped.names, grouped.sizes, strict=True):",
        '    print(f"{size:6,}  {name}")',
        "print(drawn.sentence)",
        "",
        "table = lab.table(corpus.corpus_id, clusters=grouped, drawn=drawn)",
    )
    script.save_csv("table", "groups.csv")
    script.add('Path("map.html").write_text(lab.map_page(drawn, grouped), encoding="utf-8")')
    return script.text()


def comparison_script(info: "CorpusInfo", models: Sequence[str], config: "CompareConfig") -> str:
    """Write how encoders are compared on a corpus."""
    script = ScriptText("Encoders side by side on the same sentences.")
    script.use("pandas as pd")
    script.use("sbert_core.desk_results", "CompareConfig")
    script.open_corpus(info)
    script.add(
        f"models = {written(list(models))}",
        "",
        "found = " + call("lab.comparison.compare", "corpus.corpus_id", "models", written(config)),
        "print(found.headline)",
        "print(found.about_chance)",
        "",
        "encoders = pd.DataFrame(list(found.encoders))",
        'agreement = pd.DataFrame(list(found.agreement)).drop(columns="changed")',
    )
    script.save_csv("encoders", "encoders.csv")
    script.save_csv("agreement", "agreement.csv")
    return script.text()


def pair_script(
    info: "CorpusInfo", a: str, b: str, models: Sequence[str], explained: str, method: str
) -> str:
    """Write how a pair is scored against random pairs, and explained.

    Args:
        info: The corpus that random pairs are drawn from.
        a: The first sentence.
        b: The second one.
        models: Encoder strings that score the pair.
        explained: Encoder string whose cosine is explained.
        method: How: one of `ExplanationDesk.methods`.
    """
    script = ScriptText("How similar two sentences are, whether that is much, and why.")
    script.open_corpus(info)
    script.add("")
    _add_pair(script, a, b, models)
    if info.rows > 1:
        script.add(
            "for score in scores:",
            "    usual = lab.random_pairs(corpus.corpus_id, score.model)",
            "    percentile = usual.percentile(score.cosine)",
            '    print(f"{score.model}: above {percentile:.1f} % of random pairs")',
        )
    arguments = ("a", "b", written(explained), written(method))
    script.add(
        "",
        "explanation = " + call("lab.explanation.explain", *arguments),
        "for effects in (explanation.a, explanation.b):",
        "    for word, value in effects.strongest(10):",
        '        print(f"{value:+.3f}  {word}")',
    )
    return script.text()


def matrix_script(sentences: Sequence[str], model: str) -> str:
    """Write how sentences are compared, each with each."""
    script = ScriptText("The cosine of every sentence with every other.")
    script.use("pandas as pd")
    script.open_lab()
    script.add(
        f"sentences = {written(list(sentences))}",
        "",
        f"cosines = lab.similarity_matrix(sentences, {written(model)})",
        "table = pd.DataFrame(cosines, index=sentences, columns=sentences)",
        "print(table.round(2))",
    )
    script.save_csv('table.reset_index(names="sentence")', "cosines.csv")
    return script.text()


def anatomy_script(text: str, model: str) -> str:
    """Write how a sentence is followed through an encoder."""
    script = ScriptText("What happens inside an encoder on the way from a sentence to its vector.")
    script.use("pandas as pd")
    script.open_lab()
    script.add(
        f"sentence = {written(text)}",
        "",
        "anatomy = " + call("lab.explanation.anatomy", "sentence", written(model)),
        "tokens = pd.DataFrame(",
        "    {",
        '        "token": anatomy.pieces,',
        '        "length": anatomy.norms,',
        '        "cosine with the pooled vector": anatomy.to_pooled,',
        "    }",
        ")",
        "print(tokens)",
        "print(anatomy.layer_cosines.round(2))  # of the pooled vector of each layer with each",
    )
    script.save_csv("tokens", "tokens.csv")
    return script.text()


def search_script(
    info: "CorpusInfo",
    model: str,
    query: str,
    request: "SearchRequest",
    modes: Sequence["SearchMode"] = (),
    like: int | None = None,
) -> str:
    """Write one search.

    Args:
        info: The corpus.
        model: Encoder string.
        query: What is looked for.
        request: How.
        modes: Ways to search side by side; of fewer than two, the one of the request counts.
        like: A row that more like it is wanted of, instead of the query; or None.
    """
    script = _on_corpus("A search in the sentences of a file.", info, model)
    script.use("sbert_core.desk_results", "SearchRequest")
    if like is None:
        script.add(f"query = {written(query)}")
        asked = ("search", "query")
    else:
        script.add(f"row = {like}  # rows count from 0; the row itself is left out")
        asked = ("like", "row")
    script.add(f"request = {written(request)}", "")
    if len(modes) < 2:
        script.add(f"result = {_search(*asked, 'request')}", *_TABLE_OF_HITS)
        script.save_csv("hits", "hits.csv")
        return script.text()
    script.use("dataclasses", "replace")
    script.use("pathlib", "Path")
    script.use("sbert_core.lab", "to_csv")
    script.add(
        f"for mode in {written(list(modes))}:",
        "    asked = replace(request, mode=mode)",
        f"    result = {_search(*asked, 'asked')}",
        *(f"    {line}" for line in _TABLE_OF_HITS),
        '    Path(f"hits-{mode}.csv").write_bytes(to_csv(hits))',
    )
    return script.text()


def many_searches_script(
    info: "CorpusInfo", model: str, queries: Sequence[str], request: "SearchRequest", run_id: str
) -> str:
    """Write a search for several queries.

    Args:
        info: The corpus.
        model: Encoder string.
        queries: What is looked for; where they are many, the script takes them from the run.
        request: How.
        run_id: The run that keeps them.
    """
    script = _on_corpus("A search for several queries at once.", info, model)
    script.use("sbert_core.desk_results", "SearchRequest")
    if len(queries) <= _QUERIES_WRITTEN:
        script.add(f"queries = {written(list(queries))}")
    else:
        script.add(
            f"# The {len(queries):,} queries are kept with the run; or put your own into a list.",
            f'queries = lab.workspace.find_run({written(run_id)}).parameters["queries"]',
        )
    script.add(
        f"request = {written(request)}",
        "",
        "run, results = lab.search.batch(corpus.corpus_id, queries, request, model)",
        "hits = lab.search.table(corpus.corpus_id, results)",
        "print(hits)",
    )
    script.save_csv("hits", "hits.csv")
    return script.text()


def duplicates_script(
    info: "CorpusInfo",
    model: str,
    threshold: float,
    floor: float,
    keep: str = "longest",
    cross: str | None = None,
    looks: Sequence[float] = (),
    *,
    leave_out: bool = False,
) -> str:
    """Write how duplicates are found and taken away.

    Args:
        info: The corpus.
        model: Encoder string.
        threshold: Where the line stands, a cosine.
        floor: Least cosine of the pairs that are kept.
        keep: Which row of a group stays.
        cross: The cross-encoder that had a second look, or None.
        looks: Where the line stood when it did, the first time first.
        leave_out: Whether the pairs that it doubts are left out.
    """
    script = _on_corpus("Sentences that say the same, and the rows without them.", info, model)
    script.add(
        f"threshold = {written(threshold)}  # pairs with at least this cosine are duplicates",
        "",
        f"found = lab.duplicates.find(corpus.corpus_id, model, floor={written(floor)})",
    )
    second, doubted = "", ""
    if cross:
        script.add(f"cross = {written(cross)}  # has had a second look")
        script.add(*(f"lab.duplicates.look_again(found, {line!r}, cross)" for line in looks))
        second = ", cross"
    if cross and leave_out:
        script.add("doubted = lab.duplicates.doubted(found, cross)")
        doubted = ", doubted=doubted"
    script.add(
        f"pairs = lab.duplicates.pair_table(found, threshold{second}{doubted})",
        f"groups = lab.duplicates.group_table(found, threshold, {written(keep)}{doubted})",
        f"kept = lab.duplicates.keep_one(found, threshold, {written(keep)}{doubted})",
        'print(f"{len(pairs):,} pairs; {len(kept):,} of {corpus.rows:,} rows stay")',
    )
    for table in ("pairs", "groups", "kept"):
        script.save_csv(table, f"{table}.csv")
    return script.text()


def training_script(request: "TrainRequest") -> str:
    """Write a training run."""
    script = ScriptText("An encoder trained further, and how much better it became.")
    script.use("pathlib", "Path")
    script.use("pandas as pd")
    made = written(request)
    names = [name for name in ("TrainConfig", "TrainData", "TrainRequest") if f"{name}(" in made]
    script.use("sbert_core.training_request", *names)
    script.open_lab()
    script.add(f"request = {made}", "")
    if request.data.kind == "file":
        script.add("# The file as it was put in; a run is new if it has changed since.")
    script.add(
        "report = lab.training.run(request)  # returned at once if this run has ended",
        "print(report.verdict)",
        "moved = pd.DataFrame(list(report.moved))",
    )
    script.save_csv("moved", "moved-pairs.csv")
    script.add(
        'lab.training.export(request.run_id, Path("encoder"))  # sentence-transformers loads it',
        '# Into the list of every page: lab.training.adopt(request.run_id, "my-encoder")',
    )
    return script.text()


_TABLE_OF_HITS = ("hits = lab.search.table(corpus.corpus_id, [result])", "print(hits)")


def _on_corpus(about: str, info: "CorpusInfo", model: str) -> ScriptText:
    """Begin a script that works on one corpus under one encoder."""
    script = ScriptText(about)
    script.open_corpus(info)
    script.add(f"model = {written(model)}", "")
    return script


def _add_pair(script: ScriptText, a: str, b: str, models: Sequence[str]) -> None:
    """Add the scores of a pair under several encoders."""
    script.add(
        f"a = {written(a)}",
        f"b = {written(b)}",
        f"scores = lab.similarity(a, b, {written(list(models))})",
        "for score in scores:",
        '    print(f"{score.model}: cosine {score.cosine:.3f}")',
    )


def _search(way: str, asked: str, request: str) -> str:
    """Write the call of one search."""
    return f"lab.search.{way}(corpus.corpus_id, {asked}, {request}, model)"
