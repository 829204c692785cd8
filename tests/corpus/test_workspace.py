"""The store: what went in comes out, under any column name, in row order, under the right key."""

import datetime as dt
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sbert_core.corpus.workspace import RunRecord, Workspace, run_id_for
from sbert_core.errors import DataError, WorkspaceError

ROOT = Path(__file__).resolve().parents[2]
N = 30
FRAME = pd.DataFrame(
    {
        "text": [f"sentence {i}" for i in range(N)],
        "label": [f"topic {i % 3}" for i in range(N)],
        "number": range(N),
    }
)


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path / "ws")


@pytest.fixture
def corpus(workspace):
    return add(workspace, FRAME)


def add(workspace, frame, text_column="text", label_column=None, name="a.csv"):
    return workspace.add_corpus(
        frame,
        name=name,
        text_column=text_column,
        label_column=label_column,
        report={"rows": len(frame)},
    )


def run_of(corpus, kind="embed", encoder_key="e1", created="2026-01-01T00:00:00", **parameters):
    return RunRecord(
        run_id=run_id_for(kind, corpus.corpus_id, encoder_key, parameters),
        kind=kind,
        corpus_id=corpus.corpus_id,
        encoder="tiny:mean",
        encoder_key=encoder_key,
        parameters=parameters,
        versions={"numpy": "2"},
        seconds=0.5,
        created=created,
        result={"k": 3},
    )


def vectors_of(rows=N, dims=4, seed=0):
    return np.random.default_rng(seed).normal(size=(rows, dims)).astype(np.float32)


# --- corpora ---


def test_a_new_workspace_makes_its_folder_and_is_empty(tmp_path):
    workspace = Workspace(tmp_path / "a" / "b")
    assert workspace.corpora() == []
    assert workspace.find_run("abc") is None


def test_a_corpus_comes_back_as_it_was_added(workspace):
    info = add(workspace, FRAME, label_column="label")
    again = Workspace(workspace.root)
    assert again.corpora() == [info] == [again.corpus(info.corpus_id)]
    assert (info.rows, info.text_column, info.label_column) == (N, "text", "label")
    assert info.columns == ("text", "label", "number")
    assert info.report == {"rows": N}
    pd.testing.assert_frame_equal(again.frame(info.corpus_id), FRAME)
    assert again.texts(info.corpus_id) == list(FRAME["text"])


def test_the_same_content_is_the_same_corpus(workspace, corpus):
    shuffled_index = FRAME.set_index(pd.Index(range(N, 0, -1)))
    assert add(workspace, shuffled_index, label_column="label", name="other.csv") == corpus
    assert len(workspace.corpora()) == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda frame: frame.rename(columns={"label": "Label"}),
        lambda frame: frame.iloc[:-1],
        lambda frame: frame.iloc[::-1],
        lambda frame: frame[["label", "text", "number"]],
        lambda frame: frame.assign(number=frame["number"].astype(str)),
        lambda frame: frame.assign(number=frame["number"].where(frame["number"] != 7)),
        lambda frame: frame.assign(label=frame["label"].where(frame["label"] != "topic 1", None)),
        lambda frame: frame.assign(label=frame["label"].where(frame["label"] != "topic 1", "")),
    ],
)
def test_other_content_is_another_corpus(workspace, corpus, change):
    assert add(workspace, change(FRAME)).corpus_id != corpus.corpus_id
    assert len(workspace.corpora()) == 2


def test_a_missing_cell_is_not_an_empty_one_and_cell_borders_count(workspace):
    variants = [["ab", "c"], ["a", "bc"], ["abc", ""], ["abc", None]]
    frames = [pd.DataFrame({"text": ["x", "y"], "other": other}) for other in variants]
    assert len({add(workspace, frame).corpus_id for frame in frames}) == len(frames)


def test_another_text_column_is_another_corpus(workspace, corpus):
    other = add(workspace, FRAME, text_column="number")
    assert other.corpus_id != corpus.corpus_id
    assert workspace.texts(other.corpus_id, [3]) == ["3"]
    assert workspace.corpora()[0] == other, "the newest comes first"


def test_name_and_label_column_can_be_changed(workspace, corpus):
    changed = workspace.rename_corpus(corpus.corpus_id, " Bank \ud800")
    assert changed == replace(corpus, name="Bank ?")
    labelled = workspace.set_label_column(corpus.corpus_id, "label")
    assert workspace.corpus(corpus.corpus_id) == labelled == replace(changed, label_column="label")
    assert workspace.set_label_column(corpus.corpus_id, None).label_column is None
    with pytest.raises(DataError, match=r"'nope'.*text, label, number"):
        workspace.set_label_column(corpus.corpus_id, "nope")
    with pytest.raises(DataError, match="blank"):
        workspace.rename_corpus(corpus.corpus_id, "  ")


def test_a_deleted_corpus_is_gone_with_its_runs_and_can_be_added_again(workspace, corpus):
    other = add(workspace, FRAME, text_column="label")
    for info in (corpus, other):
        workspace.save_vectors(info.corpus_id, "e1", vectors_of(), run_of(info))
    workspace.delete_corpus(corpus.corpus_id)

    assert workspace.corpora() == [other]
    assert workspace.find_run(run_of(corpus).run_id) is None
    assert workspace.find_run(run_of(other).run_id) == run_of(other)
    for read in (workspace.frame, workspace.texts, workspace.corpus, workspace.delete_corpus):
        with pytest.raises(WorkspaceError, match="There is no corpus"):
            read(corpus.corpus_id)
    assert add(workspace, FRAME).corpus_id == corpus.corpus_id
    assert not workspace.has_vectors(corpus.corpus_id, "e1")


@pytest.mark.parametrize("corpus_id", ["", "..", "../../etc/passwd", "corpora", "a'b", "\0"])
def test_an_id_from_outside_is_never_a_path(workspace, corpus, corpus_id):
    for call in (workspace.corpus, workspace.frame, workspace.delete_corpus):
        with pytest.raises(WorkspaceError, match="There is no corpus"):
            call(corpus_id)
    assert workspace.corpora() == [corpus]


@pytest.mark.parametrize(
    ("frame", "text_column", "label_column", "message"),
    [
        (FRAME.iloc[:0], "text", None, "no rows"),
        (FRAME, "nope", None, "no column 'nope'"),
        (FRAME, "text", "nope", "no column 'nope'"),
        (FRAME.set_axis(["text", "a", "a"], axis=1), "text", None, "same name"),
    ],
)
def test_a_frame_that_is_no_corpus_is_refused(workspace, frame, text_column, label_column, message):
    with pytest.raises(DataError, match=message):
        add(workspace, frame, text_column, label_column)
    assert workspace.corpora() == []


# --- rows ---

DAY = dt.datetime(2026, 3, 1, 12, 30, 15, 123456)
BERLIN = dt.timezone(dt.timedelta(hours=1))


@pytest.mark.parametrize(
    "values",
    [
        pd.Series(["a", "", "é😀\u202eabc"]),
        pd.Series(["a", None, "b"]),
        pd.Series(["a", None, "b"], dtype=object),
        pd.Series(["a", None, "b"], dtype="string"),
        pd.Series([1, -(2**63), 2**63 - 1]),
        pd.Series([1, None, 2**60 + 1], dtype=object),
        pd.Series([1, None, 2**60 + 1], dtype="Int64"),
        pd.Series([0, 255], dtype="uint8"),
        pd.Series([0, 2**64 - 1], dtype="uint64"),
        pd.Series([0.1, np.nan, np.inf]),
        pd.Series([0.1, -2.5], dtype="float32"),
        pd.Series([0.1, None], dtype=object),
        pd.Series([True, False]),
        pd.Series([True, None], dtype=object),
        pd.Series([True, None], dtype="boolean"),
        pd.Series([DAY, None], dtype="datetime64[us]"),
        pd.Series([DAY, None], dtype="datetime64[ns]"),
        pd.Series([DAY, None], dtype="datetime64[s]"),
        pd.Series([DAY, None]).dt.tz_localize("Europe/Berlin"),
        pd.Series([DAY, None]).dt.tz_localize(BERLIN),
        pd.Series([DAY, None], dtype=object),
        pd.Series([DAY.replace(tzinfo=dt.UTC), None], dtype=object),
        pd.Series([None, None], dtype=object),
        pd.Series(["x" * 1_000_000, "NUL \0 inside"]),
    ],
)
def test_values_and_dtypes_come_back(workspace, values):
    frame = pd.DataFrame({"text": ["t"] * len(values), "v": values})
    back = workspace.frame(add(workspace, frame).corpus_id)
    pd.testing.assert_frame_equal(back, frame)
    for was, is_now in zip(values, back["v"], strict=True):
        assert type(was) is type(is_now)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, "a", None, 2.5], ["1", "a", None, "2.5"]),
        ([True, 1], ["True", "1"]),
        ([1, 2.5], ["1", "2.5"]),
        ([2**70, 1], [str(2**70), "1"]),
        ([[1, 2], {"a": 1}], ["[1, 2]", "{'a': 1}"]),
        (["half a pair \ud800", np.nan], ["half a pair ?", None]),
        ([dt.date(2026, 3, 1), pd.NaT], ["2026-03-01", None]),
        ([DAY, DAY.replace(tzinfo=BERLIN)], [str(DAY), str(DAY.replace(tzinfo=BERLIN))]),
        (pd.Categorical(["b", "a"]), ["b", "a"]),
        (pd.to_timedelta(["1D", "2D"]), ["1 days 00:00:00", "2 days 00:00:00"]),
    ],
)
def test_what_a_table_cannot_hold_becomes_text(workspace, values, expected):
    if isinstance(values, list):
        values = pd.Series(values, dtype=object)
    frame = pd.DataFrame({"text": ["t", "u", "v", "w"][: len(values)], "v": values})
    assert list(workspace.frame(add(workspace, frame).corpus_id)["v"]) == expected


@pytest.mark.parametrize(
    "names",
    [
        ["", " ", ".", "a.b", "a.b.c", "`", "'", '"', "\\", "/", "a\nb", "\0"],
        ["row", "u0", "v_e1", "r_1_x", "_rowid", "_distance", "select", "*"],
        ["Text", "text", "TEXT", "名前", "😀", "\u202eabc", "<img src=x>", "=1+1"],
        [f"column {i}" for i in range(200)],
    ],
)
def test_any_column_name_is_kept(workspace, names):
    frame = pd.DataFrame([[f"{i} {row}" for i in range(len(names))] for row in range(3)])
    frame.columns = names
    info = add(workspace, frame, text_column=names[1])
    workspace.save_vectors(info.corpus_id, "e1", vectors_of(3), run_of(info))
    assert info.columns == tuple(names)
    pd.testing.assert_frame_equal(workspace.frame(info.corpus_id), frame)
    assert workspace.texts(info.corpus_id) == ["1 0", "1 1", "1 2"]
    chosen = workspace.frame(info.corpus_id, columns=[names[-1], names[0]], rows=[2])
    assert chosen.to_numpy().tolist() == [[f"{len(names) - 1} 2", "0 2"]]


@pytest.mark.parametrize("rows", [[5, 1, 1, 29], np.array([29, 0]), range(3, 6), []])
def test_chosen_rows_come_in_the_order_asked_for(workspace, corpus, rows):
    part = workspace.frame(corpus.corpus_id, columns=["number", "text"], rows=rows)
    assert list(part.columns) == ["number", "text"]
    assert list(part.index) == list(part["number"]) == list(rows)
    assert workspace.texts(corpus.corpus_id, rows) == [f"sentence {i}" for i in rows]


def test_a_column_may_be_asked_for_twice(workspace, corpus):
    part = workspace.frame(corpus.corpus_id, columns=["number", "text", "number"], rows=[7])
    assert list(part.columns) == ["number", "text", "number"]
    assert part.to_numpy().tolist() == [[7, "sentence 7", 7]]


def test_no_columns_is_a_frame_of_row_numbers(workspace, corpus):
    assert workspace.frame(corpus.corpus_id, columns=[]).shape == (N, 0)
    assert list(workspace.frame(corpus.corpus_id, columns=[], rows=[4, 2]).index) == [4, 2]


@pytest.mark.parametrize("rows", [[-1], [0, N]])
def test_rows_that_are_not_there_are_refused(workspace, corpus, rows):
    with pytest.raises(DataError, match="from 0 to 29"):
        workspace.frame(corpus.corpus_id, rows=rows)
    with pytest.raises(DataError, match="no column 'nope'"):
        workspace.frame(corpus.corpus_id, columns=["nope"])


def test_missing_texts_are_empty_strings(workspace):
    info = add(workspace, pd.DataFrame({"text": ["a", None]}))
    assert workspace.texts(info.corpus_id) == ["a", ""]


# --- vectors ---


def test_vectors_come_back_bit_for_bit_and_read_only(workspace, corpus):
    vectors = vectors_of()
    assert not workspace.has_vectors(corpus.corpus_id, "e1")
    workspace.save_vectors(corpus.corpus_id, "e1", vectors.astype(np.float64), run_of(corpus))
    workspace.save_vectors(
        corpus.corpus_id, "e2", -vectors[:, :1], run_of(corpus, encoder_key="e2")
    )

    back = workspace.vectors(corpus.corpus_id, "e1")
    assert back.dtype == np.float32 and not back.flags.writeable
    np.testing.assert_array_equal(back, vectors)
    np.testing.assert_array_equal(workspace.vectors(corpus.corpus_id, "e2"), -vectors[:, :1])
    assert workspace.has_vectors(corpus.corpus_id, "e1")
    assert workspace.runs(corpus.corpus_id, encoder_key="e2")[0].encoder_key == "e2"


@pytest.mark.parametrize("dims", [4, 7])
def test_saving_vectors_again_replaces_them(workspace, corpus, dims):
    workspace.save_vectors(corpus.corpus_id, "e1", vectors_of(), run_of(corpus))
    again = vectors_of(dims=dims, seed=1)
    for _ in range(2):
        workspace.save_vectors(corpus.corpus_id, "e1", again, run_of(corpus))
    np.testing.assert_array_equal(workspace.vectors(corpus.corpus_id, "e1"), again)
    assert len(workspace.runs(corpus.corpus_id)) == 1
    pd.testing.assert_frame_equal(workspace.frame(corpus.corpus_id), FRAME)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e39])
def test_vectors_that_are_not_finite_are_refused(workspace, corpus, value):
    vectors = vectors_of().astype(np.float64)
    vectors[7, 2] = value
    with pytest.raises(DataError, match=r"1 of 30 vectors hold NaN or .*row 7"):
        workspace.save_vectors(corpus.corpus_id, "e1", vectors, run_of(corpus))
    assert not workspace.has_vectors(corpus.corpus_id, "e1")
    assert workspace.runs(corpus.corpus_id) == []


@pytest.mark.parametrize("shape", [(N - 1, 4), (N + 1, 4), (N, 0), (N,), (N, 2, 2), (0, 4)])
def test_vectors_of_another_shape_are_refused(workspace, corpus, shape):
    with pytest.raises(DataError, match="shape"):
        workspace.save_vectors(corpus.corpus_id, "e1", np.zeros(shape), run_of(corpus))
    assert not workspace.has_vectors(corpus.corpus_id, "e1")


def test_vectors_under_the_record_of_something_else_are_our_mistake(workspace, corpus):
    for record in (run_of(corpus, encoder_key="e2"), run_of(corpus, kind="map")):
        with pytest.raises(ValueError, match="record"):
            workspace.save_vectors(corpus.corpus_id, "e1", vectors_of(), record)


def test_vectors_that_are_not_there_say_so(workspace, corpus):
    with pytest.raises(WorkspaceError, match="embed it first"):
        workspace.vectors(corpus.corpus_id, "e1")


# --- results and runs ---


def test_a_result_comes_back_with_its_dtypes(workspace, corpus):
    columns = {
        "label": np.arange(N, dtype=np.int32) % 3,
        "sure": np.arange(N) % 2 == 0,
        "xy": vectors_of(dims=2),
        "per_row_overlap": np.where(np.arange(N) == 3, np.nan, 0.5),
    }
    run = run_of(corpus, kind="map")
    workspace.save_result(run, columns)
    back = workspace.result_columns(workspace.find_run(run.run_id))
    assert back.keys() == columns.keys()
    for name, array in columns.items():
        assert back[name].dtype == array.dtype and not back[name].flags.writeable
        np.testing.assert_array_equal(back[name], array)
    assert workspace.find_run(run.run_id) == run


def test_saving_a_result_again_replaces_all_of_it(workspace, corpus):
    run, other = run_of(corpus, kind="cluster"), run_of(corpus, kind="cluster", seed=1)
    ones = np.ones(N, dtype=np.int32)
    workspace.save_result(other, {"label": ones})
    workspace.save_result(run, {"label": ones, "extra": ones})
    workspace.save_result(replace(run, result={"k": 9}), {"label": 2 * ones, "new": ones})

    back = workspace.result_columns(run)
    assert back.keys() == {"label", "new"} and (back["label"] == 2).all()
    assert workspace.find_run(run.run_id).result == {"k": 9}
    assert (workspace.result_columns(other)["label"] == 1).all()
    workspace.save_result(run, {"label": np.full(N, 0.5)})
    assert workspace.result_columns(run)["label"].tolist() == [0.5] * N
    workspace.save_result(run, {})
    assert workspace.result_columns(run) == {}


def test_results_that_do_not_fit_are_refused(workspace, corpus):
    run = run_of(corpus, kind="cluster")
    with pytest.raises(DataError, match="does not fit the 30 rows"):
        workspace.save_result(run, {"label": np.zeros(N - 1)})
    for columns in ({"a.b": np.zeros(N)}, {"a": np.array(["x"] * N)}):
        with pytest.raises(ValueError, match="result column"):
            workspace.save_result(run, columns)
    assert workspace.find_run(run.run_id) is None


def test_runs_are_listed_newest_first_and_filtered(workspace, corpus):
    other = add(workspace, FRAME, text_column="label")
    runs = [
        run_of(corpus, "cluster", created="2026-01-02T00:00:00", k=2),
        run_of(corpus, "map", created="2026-01-03T00:00:00"),
        run_of(corpus, "cluster", "e2", created="2026-01-01T00:00:00"),
        run_of(corpus, "cluster", created="2026-01-02T00:00:00", k=3),
    ]
    for run in [*runs, run_of(other, "cluster")]:
        workspace.save_result(run, {})
    assert workspace.runs(corpus.corpus_id) == [runs[1], runs[3], runs[0], runs[2]]
    assert workspace.runs(corpus.corpus_id, kind="cluster") == [runs[3], runs[0], runs[2]]
    assert workspace.runs(corpus.corpus_id, "cluster", "e2") == [runs[2]]
    assert workspace.runs(corpus.corpus_id, encoder_key="none") == []


def test_a_request_finds_its_run_whatever_the_order_of_its_parameters():
    first = run_id_for("map", "c", "e", {"a": 1, "b": None})
    assert first == run_id_for("map", "c", "e", {"b": None, "a": 1})
    others = [("map", "c", "f", {"a": 1}), ("map", "c", "e", {"a": 1, "b": 0})]
    assert first not in [run_id_for(*other) for other in others]


def test_an_edited_name_is_kept(workspace, corpus):
    run = run_of(corpus, "cluster")
    workspace.save_result(run, {"label": np.zeros(N, dtype=np.int32)})
    edited = workspace.update_run_result(run.run_id, {"names": ["cards ✓"]})
    assert edited == replace(run, result={"names": ["cards ✓"]})
    assert Workspace(workspace.root).find_run(run.run_id) == edited
    assert workspace.result_columns(edited).keys() == {"label"}
    with pytest.raises(WorkspaceError, match="not stored any more"):
        workspace.update_run_result("abc", {})
    with pytest.raises(WorkspaceError, match="not stored any more"):
        workspace.result_columns(replace(run, run_id="abc"))


# --- the tables are ordinary LanceDB tables ---


def test_lancedb_opens_the_tables_and_searches_the_vectors(workspace, corpus):
    lancedb = pytest.importorskip("lancedb")
    vectors = vectors_of()
    workspace.save_vectors(corpus.corpus_id, "e1", vectors, run_of(corpus))
    database = lancedb.connect(workspace.root)
    name = f"corpus_{corpus.corpus_id}"
    assert set(database.list_tables().tables) == {name, "corpora", "runs"}
    found = (
        database.open_table(name).search(vectors[11], vector_column_name="v_e1").limit(2).to_list()
    )
    assert found[0]["row"] == 11 and found[0]["u0"] == "sentence 11"
    distances = ((vectors - vectors[11]) ** 2).sum(axis=1)
    assert found[1]["row"] == np.argsort(distances)[1]


def test_row_order_survives_a_tool_that_moves_rows(workspace, corpus):
    import lance

    vectors = vectors_of()
    workspace.save_vectors(corpus.corpus_id, "e1", vectors, run_of(corpus))
    table = lance.dataset(str(workspace.root / f"corpus_{corpus.corpus_id}.lance"))
    moved = table.to_table().take(np.random.default_rng(1).permutation(N))
    lance.write_dataset(moved, table.uri, mode="overwrite", max_rows_per_file=7)
    moved_rows = lance.dataset(table.uri).to_table(["row"])["row"].to_pylist()
    assert moved_rows != list(range(N))

    pd.testing.assert_frame_equal(workspace.frame(corpus.corpus_id), FRAME)
    assert workspace.texts(corpus.corpus_id, [5, 1, 5]) == [
        "sentence 5",
        "sentence 1",
        "sentence 5",
    ]
    np.testing.assert_array_equal(workspace.vectors(corpus.corpus_id, "e1"), vectors)
    for encoder_key, seed in [("e2", 2), ("e1", 3)]:  # a new column, then a replaced one
        record = run_of(corpus, encoder_key=encoder_key)
        workspace.save_vectors(corpus.corpus_id, encoder_key, vectors_of(seed=seed), record)
        stored = workspace.vectors(corpus.corpus_id, encoder_key)
        np.testing.assert_array_equal(stored, vectors_of(seed=seed))


@pytest.mark.parametrize("row", [3, N - 1])
def test_rows_deleted_by_another_tool_are_noticed(workspace, corpus, row):
    import lance

    lance.dataset(str(workspace.root / f"corpus_{corpus.corpus_id}.lance")).delete(f"row = {row}")
    with pytest.raises(WorkspaceError, match=r"a\.csv"):
        workspace.frame(corpus.corpus_id)


def test_nothing_heavy_is_imported_before_it_is_needed():
    code = (
        "import sys, sbert_core.corpus.workspace, sbert_core.corpus.shards;"
        "assert not {'lance', 'lancedb', 'pandas', 'pyarrow', 'filelock'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
