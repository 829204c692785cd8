"""Tiny, randomly initialised checkpoints with tiny tokenizers, made offline in milliseconds."""

import string

import torch
import transformers

LETTERS = string.ascii_lowercase + string.digits + string.punctuation
WORDS = ("the", "cat", "sat", "on", "mat", "dog", "ran", "is", "not", "card", "where", "my")
HIDDEN = 32

# Texts that differ in length, script, case and emptiness.
TEXTS = (
    "The cat sat on the mat.",
    "cat",
    "",
    "   ",
    "Where is my card? Where is my dog? The dog is not on the mat, the dog ran 42 times!",
    "THE CAT SAT ON THE MAT.",
    "naïve café 東京 🙂",
    "the dog ran on and on " * 12,
    "x",
)

COMMON = {"hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.1, "initializer_range": 0.1}
SHAPE = {
    "hidden_size": HIDDEN,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 48,
}


def word_pieces(*special):
    pieces = [*special, *WORDS, *LETTERS, *(f"##{letter}" for letter in LETTERS)]
    return {piece: place for place, piece in enumerate(dict.fromkeys(pieces))}


def bert_tokenizer():
    vocab = word_pieces("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
    return transformers.BertTokenizer(vocab=vocab, model_max_length=64)


def cased_bert_tokenizer():
    vocab = word_pieces("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
    return transformers.BertTokenizer(vocab=vocab, model_max_length=64, do_lower_case=False)


def mpnet_tokenizer():
    vocab = word_pieces("<s>", "<pad>", "</s>", "[UNK]", "<mask>")
    return transformers.MPNetTokenizer(vocab=vocab, model_max_length=64)


def roberta_tokenizer():
    from tokenizers.pre_tokenizers import ByteLevel

    pieces = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", *sorted(ByteLevel.alphabet())]
    vocab = {piece: place for place, piece in enumerate(pieces)}
    return transformers.RobertaTokenizer(vocab=vocab, merges=[], model_max_length=64)


def xlm_roberta_tokenizer():
    special = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)]
    words = [(f"▁{word}", -2.0) for word in WORDS]
    letters = [(letter, -5.0) for letter in ("▁", *string.ascii_letters, *string.punctuation)]
    vocab = [*special, *words, *letters, ("<mask>", 0.0)]
    return transformers.XLMRobertaTokenizer(vocab=vocab, model_max_length=64)


def bert_model(vocab_size, cls=transformers.BertModel):
    return cls(transformers.BertConfig(vocab_size=vocab_size, **SHAPE, **COMMON))


def roberta_model(vocab_size):
    config = transformers.RobertaConfig(
        vocab_size=vocab_size, max_position_embeddings=66, type_vocab_size=1, **SHAPE, **COMMON
    )
    return transformers.RobertaModel(config)


def xlm_roberta_model(vocab_size):
    config = transformers.XLMRobertaConfig(
        vocab_size=vocab_size, max_position_embeddings=66, type_vocab_size=1, **SHAPE, **COMMON
    )
    return transformers.XLMRobertaModel(config)


def mpnet_model(vocab_size):
    config = transformers.MPNetConfig(
        vocab_size=vocab_size, max_position_embeddings=66, **SHAPE, **COMMON
    )
    return transformers.MPNetModel(config)


def distilbert_model(vocab_size):
    config = transformers.DistilBertConfig(
        vocab_size=vocab_size,
        dim=HIDDEN,
        n_layers=3,
        n_heads=4,
        hidden_dim=48,
        initializer_range=0.1,
    )
    return transformers.DistilBertModel(config)


def masked_lm_model(vocab_size):
    return bert_model(vocab_size, transformers.BertForMaskedLM)


KINDS = {
    "bert": (bert_tokenizer, bert_model),
    "roberta": (roberta_tokenizer, roberta_model),
    "distilbert": (bert_tokenizer, distilbert_model),
    "mpnet": (mpnet_tokenizer, mpnet_model),
    "xlm-roberta": (xlm_roberta_tokenizer, xlm_roberta_model),
}


def write_checkpoint(folder, tokenizer, build_model, seed=0):
    """Write a plain transformers checkpoint."""
    torch.manual_seed(seed)
    model = build_model(len(tokenizer))
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
