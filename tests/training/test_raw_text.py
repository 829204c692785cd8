"""From files of lines to batches of tokens: nothing is lost, nothing comes twice."""

import gzip
import lzma

import numpy as np
import pytest
from transformers import AutoTokenizer

from sbert_core.errors import FileError
from sbert_core.training.raw_text import (
    SPECIAL_TOKENS,
    TokenStore,
    continuing_tokens,
    epoch_batches,
    padded_batch,
    read_lines,
    save_vocabulary,
    train_vocabulary,
)

LINES = [
    "The cat sat on the mat and the dog sat on the log.",
    "Café naïve: the dogs were running on the mats.",
    "A cat runs, a dog ran, and all cats were sitting.",
] * 10


@pytest.fixture(scope="module")
def tokenizer():
    return train_vocabulary(iter(LINES), 120)


def store_of(lines, tokenizer, folder, max_pieces=30):
    return TokenStore.build(iter(lines), tokenizer, max_pieces, folder)


# --- lines -------------------------------------------------------------------------------------


def test_plain_and_packed_files_give_the_same_lines_without_blank_ones(tmp_path):
    text = "  one \n\n\t\ntwo é\r\nthree"
    plain, gz, xz = tmp_path / "a.txt", tmp_path / "b.txt.gz", tmp_path / "c.txt.xz"
    plain.write_text(text, encoding="utf-8")
    gz.write_bytes(gzip.compress(text.encode()))
    xz.write_bytes(lzma.compress(text.encode()))
    for path in (plain, gz, xz):
        assert list(read_lines([path])) == ["one", "two é", "three"], path.suffix
    assert list(read_lines([plain, plain])) == 2 * ["one", "two é", "three"]


def _scrambled_gzip():
    packed = bytearray(gzip.compress(np.random.default_rng(0).bytes(5_000).hex().encode()))
    packed[200:260] = bytes(60)
    return bytes(packed)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("cut.gz", gzip.compress(b"a line of text\n" * 500)[:-20]),
        ("scrambled.gz", _scrambled_gzip()),
        ("other.gz", b"this is no gzip"),
        ("cut.xz", lzma.compress(b"a line of text\n" * 500)[:-20]),
        ("other.xz", b"this is no xz"),
        ("latin.txt", "naïve café".encode("latin-1")),
    ],
)
def test_a_damaged_file_is_named(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(FileError, match=rf"{name} cannot be read as lines of text"):
        list(read_lines([tmp_path / name]))


def test_a_missing_file_is_named_also_while_a_vocabulary_is_learnt(tmp_path):
    with pytest.raises(FileError, match=r"gone\.txt cannot be read"):
        train_vocabulary(read_lines([tmp_path / "gone.txt"]), 100)


# --- vocabulary --------------------------------------------------------------------------------


def test_case_and_accents_make_no_difference(tokenizer):
    assert tokenizer.encode("CAFÉ Naïve").ids == tokenizer.encode("cafe naive").ids
    assert "[UNK]" not in tokenizer.encode("CAFÉ Naïve").tokens


def test_special_tokens_come_first_and_the_size_is_kept(tokenizer):
    assert [tokenizer.token_to_id(token) for token in SPECIAL_TOKENS] == [0, 1, 2, 3, 4]
    assert tokenizer.get_vocab_size() <= 120
    assert train_vocabulary(iter(LINES), 70).get_vocab_size() <= 70


def test_texts_and_pairs_stand_between_cls_and_sep(tokenizer):
    assert tokenizer.encode("cat").tokens == ["[CLS]", "cat", "[SEP]"]
    pair = tokenizer.encode("cat", "dog")
    assert pair.tokens == ["[CLS]", "cat", "[SEP]", "dog", "[SEP]"]
    assert pair.type_ids == [0, 0, 0, 1, 1]


def test_a_token_goes_on_with_a_word_if_it_begins_with_hashes(tokenizer):
    flags = continuing_tokens(tokenizer)
    assert flags.shape == (tokenizer.get_vocab_size(),)
    goes_on = {tokenizer.id_to_token(int(place)) for place in np.flatnonzero(flags)}
    assert goes_on == {token for token in tokenizer.get_vocab() if token.startswith("##")}
    assert goes_on


def test_transformers_reads_the_same_tokens(tokenizer, tmp_path):
    save_vocabulary(tokenizer, 16, tmp_path)
    theirs = AutoTokenizer.from_pretrained(tmp_path)
    for text in (*LINES[:3], "CAFÉ xylophone", ""):
        assert theirs(text)["input_ids"] == tokenizer.encode(text).ids
    assert theirs("cat", "dog")["token_type_ids"] == [0, 0, 0, 1, 1]
    assert theirs.model_max_length == 16
    assert (theirs.pad_token_id, theirs.mask_token) == (0, "[MASK]")
    assert len(theirs("cat " * 40, truncation=True)["input_ids"]) == 16


# --- store -------------------------------------------------------------------------------------


def test_the_store_holds_each_line_in_order_without_the_special_tokens(tokenizer, tmp_path):
    store = store_of(LINES, tokenizer, tmp_path)
    expected = [tokenizer.encode(line, add_special_tokens=False).ids for line in LINES]
    found = [
        store.tokens[a:b].tolist() for a, b in zip(store.starts, store.starts[1:], strict=False)
    ]
    assert found == expected
    assert store.lengths.tolist() == [len(ids) for ids in expected]
    assert store.tokens.dtype == np.uint16


def test_a_long_line_becomes_pieces_and_a_rest_too_short_to_guess_from_is_left_out(
    tokenizer, tmp_path
):
    # Of 23 tokens: 10, 10, and a rest of 3, which is dropped; of 24 a rest of 4, which is kept.
    long = [" ".join(["cat"] * 23), " ".join(["dog"] * 24), "cat dog cat"] * 10
    store = store_of(long, tokenizer, tmp_path, max_pieces=10)
    assert store.lengths.tolist() == [10, 10, 10, 10, 4] * 10


def test_a_store_is_opened_again_and_only_if_it_is_whole(tokenizer, tmp_path):
    assert TokenStore.open(tmp_path) is None
    built = store_of(LINES, tokenizer, tmp_path)
    again = TokenStore.open(tmp_path)
    assert np.array_equal(again.tokens, built.tokens)
    assert np.array_equal(again.starts, built.starts)
    (tmp_path / "done.json").unlink()
    assert TokenStore.open(tmp_path) is None


@pytest.mark.parametrize("lines", [[], ["cat", "the dog sat"] * 50, LINES[:19]])
def test_too_little_text_is_refused_and_leaves_no_store(tokenizer, tmp_path, lines):
    with pytest.raises(FileError, match=r"at least 4 tokens; give at least 20"):
        store_of(lines, tokenizer, tmp_path)
    assert TokenStore.open(tmp_path) is None


# --- batches -----------------------------------------------------------------------------------


def lengths_of_chance(count=3_000, longest=40, seed=0):
    return np.random.default_rng(seed).integers(3, longest, count)


@pytest.mark.parametrize("budget", [40, 200, 5_000, 10**6])
def test_every_sequence_is_in_one_batch_and_no_batch_above_the_budget(budget):
    lengths = lengths_of_chance()
    batches = epoch_batches(lengths, budget, seed=1, epoch=0)
    assert np.array_equal(np.sort(np.concatenate(batches)), np.arange(len(lengths)))
    assert all(lengths[batch].max() * len(batch) <= budget for batch in batches)


def test_a_sequence_above_the_budget_is_a_batch_of_its_own():
    batches = epoch_batches(np.array([50, 3, 3, 60]), 10, seed=0, epoch=0)
    assert sorted(batch.tolist() for batch in batches) in ([[0], [1, 2], [3]], [[0], [2, 1], [3]])


def test_little_of_a_batch_is_padding():
    lengths = lengths_of_chance()
    batches = epoch_batches(lengths, 400, seed=1, epoch=0)
    laid = sum(lengths[batch].max() * len(batch) for batch in batches)
    assert laid < 1.1 * lengths.sum()
    assert len(batches) < 1.2 * lengths.sum() / 400  # and batches are full


def test_seed_and_epoch_decide_the_order():
    lengths = lengths_of_chance(500)

    def order(seed, epoch):
        return [batch.tolist() for batch in epoch_batches(lengths, 200, seed, epoch)]

    assert order(1, 3) == order(1, 3)
    assert order(1, 3) != order(1, 4)
    assert order(1, 3) != order(2, 3)


def test_long_and_short_batches_come_in_an_order_of_chance():
    lengths = lengths_of_chance()
    longest = [lengths[batch].max() for batch in epoch_batches(lengths, 400, 0, 0)]
    rises = np.mean(np.diff(longest) > 0)
    assert 0.3 < rises < 0.7


def test_a_padded_batch_has_cls_tokens_sep_and_padding():
    store = TokenStore(np.array([11, 12, 13, 21, 31, 32], dtype=np.uint16), np.array([0, 3, 4, 6]))
    batch = padded_batch(store, np.array([2, 0, 1]), cls_id=2, sep_id=3, pad_id=0)
    assert batch.dtype == np.int64
    assert batch.tolist() == [[2, 31, 32, 3, 0], [2, 11, 12, 13, 3], [2, 21, 3, 0, 0]]
