"""Which tokens BERT has to guess: whole words, 15 % of them, 80/10/10."""

import torch

from sbert_core.training.masking import MASKED_SHARE, mask_whole_words

PAD, CLS, SEP, MASK = 0, 2, 3, 4
SPECIAL = 5  # tokens below are special
VOCABULARY = 1_000
FIRST_PIECE = 600  # tokens from here on go on with a word

CONTINUES = torch.arange(VOCABULARY) >= FIRST_PIECE
IS_SPECIAL = torch.arange(VOCABULARY) < SPECIAL


def sentences(rows=64, words=30, seed=0):
    """Rows of [CLS], words of one to three pieces, [SEP], padding."""
    rng = torch.Generator().manual_seed(seed)
    ids = torch.full((rows, 3 * words + 2), PAD)
    ids[:, 0] = CLS
    for row in ids:
        place = 1
        for pieces in torch.randint(1, 4, (words,), generator=rng).tolist():
            row[place] = torch.randint(SPECIAL, FIRST_PIECE, (), generator=rng)
            tail = torch.randint(FIRST_PIECE, VOCABULARY, (pieces - 1,), generator=rng)
            row[place + 1 : place + pieces] = tail
            place += pieces
        row[place] = SEP
    return ids


def masked(ids, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return mask_whole_words(ids, CONTINUES, IS_SPECIAL, MASK, generator)


def within_binomial_bounds(hits, trials, share):
    """Five standard deviations: a right share fails once in two million seeds."""
    return abs(hits - trials * share) <= 5 * (trials * share * (1 - share)) ** 0.5


def test_a_word_is_chosen_with_all_its_pieces_or_not_at_all():
    ids = sentences()
    chosen = masked(ids).chosen
    goes_on = CONTINUES[ids[:, 1:]]
    assert goes_on.sum() > 1_000
    assert (chosen[:, 1:] == chosen[:, :-1])[goes_on].all()
    starts = ~CONTINUES[ids[:, 1:]] & ~IS_SPECIAL[ids[:, 1:]] & ~IS_SPECIAL[ids[:, :-1]]
    assert (chosen[:, 1:] != chosen[:, :-1])[starts].any()  # neighbours are chosen independently


def test_a_line_cut_within_a_word_begins_with_a_piece_that_is_never_chosen():
    """The pieces before the first word's start belong to [CLS]'s number, and stay whole too."""
    ids = torch.tensor([[CLS, 700, 701, 10, SEP]]).repeat(400, 1)
    chosen = masked(ids).chosen
    assert (chosen[:, 1] == chosen[:, 2]).all()
    assert not chosen[:, 0].any()
    assert within_binomial_bounds(int(chosen[:, 1].sum()), 400, MASKED_SHARE)


def test_fifteen_percent_of_the_words_are_chosen():
    ids = sentences(rows=200)
    words = ~CONTINUES[ids] & ~IS_SPECIAL[ids]
    chosen = masked(ids).chosen
    assert within_binomial_bounds(int((chosen & words).sum()), int(words.sum()), 0.15)


def test_of_the_chosen_eight_in_ten_are_hidden_one_is_another_and_one_stays():
    ids = sentences(rows=400)
    found = masked(ids)
    before, after = ids[found.chosen], found.input_ids[found.chosen]
    hidden, stays = after == MASK, after == before
    count = len(before)
    assert count > 3_000
    # A random token is the old one, or [MASK], once in a thousand draws each.
    assert within_binomial_bounds(int(hidden.sum()), count, 0.8 + 0.1 / VOCABULARY)
    assert within_binomial_bounds(int(stays.sum()), count, 0.1 + 0.1 / VOCABULARY)
    others = after[~hidden & ~stays]
    assert within_binomial_bounds(len(others), count, 0.1)
    assert len(others.unique()) > 0.6 * len(others)  # drawn from all tokens, not one of them


def test_what_was_not_chosen_is_read_as_it_stands():
    ids = sentences()
    found = masked(ids)
    assert torch.equal(found.input_ids[~found.chosen], ids[~found.chosen])


def test_labels_are_the_tokens_that_stood_there_in_row_order():
    ids = sentences()
    found = masked(ids)
    rows, columns = found.chosen.nonzero(as_tuple=True)
    assert found.labels.tolist() == [ids[r, c].item() for r, c in zip(rows, columns, strict=True)]


def test_special_tokens_are_never_chosen():
    ids = sentences(rows=200)
    chosen = masked(ids).chosen
    assert not chosen[IS_SPECIAL[ids]].any()
    assert not masked(torch.full((50, 20), PAD)).chosen.any()


def test_the_arguments_stay_as_they_are():
    ids = sentences()
    before = ids.clone()
    masked(ids)
    assert torch.equal(ids, before)


def test_the_generator_alone_decides():
    ids = sentences()
    torch.manual_seed(1)
    one = masked(ids, seed=7)
    torch.manual_seed(2)
    same, other = masked(ids, seed=7), masked(ids, seed=8)
    assert torch.equal(one.input_ids, same.input_ids)
    assert torch.equal(one.chosen, same.chosen)
    assert not torch.equal(one.chosen, other.chosen)
