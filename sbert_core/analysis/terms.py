"""Words and two-word phrases of a text, with their inflections merged.

"My cards haven't arrived" and "the card that has not arrived yet" speak of the same: a term is
known by its stems (`card`, `arriv`), and shown in the form that people wrote most often.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

# Only so much of a text is read: names come from what most texts of a group share.
MOST_CHARACTERS = 2000
# So many texts, spread evenly, show a corpus' language and its use of capitals.
SAMPLE_TEXTS = 2000
# A corpus is English if at least this part of its words are English function words. English has
# about 0.45, its headlines 0.25, German or French some 0.05 that merely look the same.
ENGLISH_FRACTION = 0.12
# Elsewhere a word is a function word if at least this part of the texts has it, and if it is at
# home everywhere: in most groups it is at least half as frequent as in all texts together.
COMMON_FRACTION, EVERYWHERE, AT_HOME = 0.04, 0.6, 0.5
# Capitals do not mark names where this part of the words within sentences has one.
TITLE_CASE_FRACTION = 0.35
# A spelling with capitals is shown if this part of a word's uses has it; where capitals do not
# mark names, only if nearly all have.
MOSTLY, NEARLY_ALWAYS = 0.5, 0.97
# Lengths in characters of the terms cut from Chinese text.
HAN_LENGTHS = (2, 3, 4)

# Left over when "haven't" or "I'll" is cut at the apostrophe, or written without one.
CONTRACTIONS = frozenset(
    "ain aren couldn didn doesn don hadn hasn haven isn ll mustn needn re shan shouldn ve wasn "
    "weren won wouldn arent cant couldnt didnt doesnt dont hadnt hasnt havent im isnt ive "
    "shouldnt thats wasnt whats wont wouldnt youre".split()
)
# Words that scikit-learn's list counts as function words, though a group can be about them.
CONTENT_WORDS = frozenset(
    "amount bill bottom call computer con cry de describe detail eleven empty fifteen fifty "
    "fill fire forty found front full interest mill mine move sincere sixty system thick thin "
    "top twelve twenty un".split()
)
# Words that any message may use, whatever it is about; their inflections are left out as well.
FILLER_WORDS = frozenset(
    "able actual ago allow anymore anyway ask away can come day did different differ does earlier "
    "easi exact gave get go gonna gotten got happen hello help hey hi issu just kind know later "
    "let like littl long look lot mad make mean need new nice ok okay peopl person place pleas "
    "possibl problem question realli recent reason right said say see seem sort start stuff sure "
    "talk tell thank thing think thought time today tomorrow took tri try use wanna want way week "
    "went wonder wrong yeah year yes yesterday yet".split()
)
# "top up", "log out": these end a phrase, though they are function words alone.
PARTICLES = frozenset({"up", "out", "off", "down", "in", "back"})
# A word is one with such an ending if this part of its uses has it, and not by chance.
PHRASAL_FRACTION, PHRASAL_USES = 0.5, 3
# Function words within a phrase: "source of funds", "verify my identity".
MOST_LEFT_OUT = 2
# A form without them counts so many times when the form to show is chosen.
NEXT_TO_EACH_OTHER = 3
# Between the stems of a phrase.
PHRASE = "+"

# Scripts that do not part words by spaces: Thai to Myanmar, Khmer, kana, Han.
_UNSPACED = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff"
# Signs that combine with the letter before them, which Python does not count as word characters.
_COMBINING = r"\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0900-\u0dff\u200c\u200d"
_WORD = re.compile(rf"[^\W_{_UNSPACED}](?:[^\W_{_UNSPACED}]|[{_COMBINING}])*")
_KATAKANA = re.compile(r"[\u30a1-\u30fa\u30fc]{2,}")
# Han characters, parted where a Chinese function character stands.
_HAN = re.compile(
    r"(?:(?![的了是我你您他她它们这那哪吗呢吧啊么什怎不在有和与就都也很要会能把被从到对给让请为])"
    r"[\u3400-\u9fff])+"
)


class Token(NamedTuple):
    """A word of a text.

    Attributes:
        word: As it is written.
        opens: True if it begins a sentence, where its capital means nothing.
        joined: True if only space or a hyphen parts it from the word before.
    """

    word: str
    opens: bool
    joined: bool


def tokenize(text: str) -> list[Token]:
    """Split a text into words, without those of scripts that do not part them by spaces."""
    tokens = []
    end = 0
    for match in _WORD.finditer(text, 0, MOST_CHARACTERS):
        gap = text[end : match.start()]
        opens = end == 0 or any(sign in gap for sign in ".!?:;\n")
        tokens.append(Token(match.group(), opens, joined=end > 0 and gap.strip() in ("", "-")))
        end = match.end()
    return tokens


def unspaced_terms(text: str) -> list[str]:
    """Cut terms from Chinese and Japanese text: short runs of Han, and words in katakana."""
    text = text[:MOST_CHARACTERS]
    terms = _KATAKANA.findall(text)
    for run in _HAN.findall(text):
        for length in HAN_LENGTHS:
            terms += [run[start : start + length] for start in range(len(run) - length + 1)]
    return terms


def is_unspaced(term: str) -> bool:
    """Say whether a term is of a script that does not part words by spaces."""
    return re.search(rf"[{_UNSPACED}]", term) is not None


class TermReader:
    """Reads the texts of one corpus into terms.

    A term is a key: the stem of a word, the stems of a phrase of two words in alphabetical order
    ("exchange rate" and "rate of exchange" are one), or a run of Han or katakana characters.
    `surface` turns a key that was read into what to show.
    """

    def __init__(self, texts: Sequence[str], labels: Sequence[int]) -> None:
        """Learn the language, the function words and the use of capitals.

        Args:
            texts: N texts.
            labels: Group of each text.
        """
        step = max(1, len(texts) // SAMPLE_TEXTS)
        sample = [tokenize(text) for text in texts[::step]]
        words = [{token.word.lower() for token in tokens} for tokens in sample]
        self._is_english = _is_english(words)
        self._stop_words = (
            _english_stop_words() if self._is_english else _function_words(words, labels[::step])
        )
        self._enough_capitals = MOSTLY if _capitals_mark_names(sample) else NEARLY_ALWAYS
        self._stems: dict[str, str] = {}
        self._forms: dict[str, Counter[str]] = defaultdict(Counter)
        self._spellings: dict[str, Counter[str]] = defaultdict(Counter)
        self._endings = self._phrasal_endings(sample)

    def __call__(self, text: str) -> list[str]:
        """Return the terms of a text, in order, repeats included."""
        terms = [self._seen(term, term) for term in unspaced_terms(text)]
        previous: _Unit | None = None
        for unit in self._units(tokenize(text)):
            terms.append(self._seen(unit.stem, unit.form))
            if previous and unit.left_out is not None and unit.stem != previous.stem:
                key = PHRASE.join(sorted((previous.stem, unit.stem)))
                form = " ".join((previous.form, *unit.left_out, unit.form))
                weight = 1 if unit.left_out else NEXT_TO_EACH_OTHER
                terms.append(self._seen(key, form, weight))
            previous = unit
        return terms

    def surface(self, term: str) -> str:
        """Return the form of a term that was met most often; of equals, the shortest."""
        forms = self._forms[term]
        form = min(forms, key=lambda form: (-forms[form], len(form), form))
        return " ".join(map(self._spelled, form.split()))

    def _units(self, tokens: list[Token]) -> Iterator["_Unit"]:
        """Yield the words with a meaning, each with the words left out before it."""
        left_out: list[str] | None = None
        position = 0
        while position < len(tokens):
            token = tokens[position]
            lower = token.word.lower()
            self._note_spelling(token)
            stem = self._stem(lower)
            left_out = left_out if token.joined else None
            between = left_out if left_out is not None and len(left_out) <= MOST_LEFT_OUT else None
            position += 1
            if self._ends_with_particle(stem, tokens[position : position + 1]):
                ending = self._endings[stem]
                yield _Unit(f"{stem} {ending}", f"{lower} {ending}", between)
                left_out, position = [], position + 1
            elif self._has_meaning(lower, stem):
                yield _Unit(stem, lower, between)
                left_out = []
            elif left_out is not None:
                left_out = [*left_out, lower]

    def _ends_with_particle(self, stem: str, after: list[Token]) -> bool:
        """Say whether a word and the one after it are one: "top" and "up"."""
        ending = self._endings.get(stem)
        return bool(
            ending and after and after[0].joined and self._stem(after[0].word.lower()) == ending
        )

    def _phrasal_endings(self, sample: list[list[Token]]) -> dict[str, str]:
        """Learn which words are one with a particle: "top" with "up", in a bank's messages."""
        uses: Counter[str] = Counter()
        pairs: Counter[tuple[str, str]] = Counter()
        for tokens in sample if self._is_english else []:
            stems = [self._stem(token.word.lower()) for token in tokens]
            uses.update(stems)
            pairs.update(
                (stem, after)
                for stem, after, token in zip(stems, stems[1:], tokens[1:], strict=False)
                if token.joined and after in PARTICLES
            )
        return {
            stem: particle
            for (stem, particle), count in pairs.items()
            if count >= max(PHRASAL_USES, PHRASAL_FRACTION * uses[stem])
            and self._has_meaning(stem, stem)
        }

    def _seen(self, term: str, form: str, weight: int = 1) -> str:
        """Count one more use of a form of a term."""
        self._forms[term][form] += weight
        return term

    def _has_meaning(self, lower: str, stem: str) -> bool:
        """Say whether a word can be a term: no function word, single letter or bare number."""
        is_function = lower in self._stop_words or stem in self._stop_words
        return len(lower) > 1 and not is_function and not lower.isdigit()

    def _note_spelling(self, token: Token) -> None:
        """Count a use of capitals, where it is not that of a sentence's beginning."""
        if not token.opens or (token.word.isupper() and len(token.word) > 1):
            self._spellings[token.word.lower()][token.word] += 1

    def _spelled(self, lower: str) -> str:
        """Give names and abbreviations their capitals."""
        spellings = self._spellings.get(lower)
        if not spellings:
            return lower
        best, count = spellings.most_common(1)[0]
        return best if count >= self._enough_capitals * spellings.total() else lower

    def _stem(self, lower: str) -> str:
        """Cut an English word to its stem; leave other languages' words alone."""
        if not self._is_english:
            return lower
        if lower not in self._stems:
            from snowballstemmer import stemmer

            self._stems[lower] = stemmer("english").stemWord(lower)
        return self._stems[lower]


class _Unit(NamedTuple):
    """A word, or a word with its particle, that can be a term."""

    stem: str
    form: str
    left_out: list[str] | None  # words between it and the unit before; None if they are apart


def _english_stop_words() -> frozenset[str]:
    """List the English words that no group is about."""
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    return (ENGLISH_STOP_WORDS - CONTENT_WORDS) | CONTRACTIONS | FILLER_WORDS


def _is_english(texts: list[set[str]]) -> bool:
    """Say whether enough of the words of the texts are English function words."""
    stop_words = _english_stop_words() - FILLER_WORDS
    found = sum(len(words & stop_words) for words in texts)
    return found >= ENGLISH_FRACTION * max(sum(map(len, texts)), 1)


def _function_words(texts: list[set[str]], labels: Sequence[int]) -> frozenset[str]:
    """Find the function words of an unknown language: frequent, and so in nearly all groups."""
    sizes = Counter(labels)
    total = Counter(word for words in texts for word in words)
    by_group: dict[str, Counter[int]] = defaultdict(Counter)
    for words, label in zip(texts, labels, strict=True):
        for word in words:
            by_group[word][label] += 1

    def is_everywhere(word: str) -> bool:
        usual = total[word] / len(texts)
        at_home = sum(by_group[word][g] >= AT_HOME * usual * sizes[g] for g in sizes)
        return at_home >= EVERYWHERE * len(sizes)

    return frozenset(
        word
        for word in total
        if total[word] >= COMMON_FRACTION * len(texts) and is_everywhere(word)
    )


def _capitals_mark_names(sample: list[list[Token]]) -> bool:
    """Say whether a capital is rare enough within sentences to mean something."""
    words = [token.word for tokens in sample for token in tokens if not token.opens]
    capitals = sum(not word.islower() and word.lower() != word for word in words)
    return capitals <= TITLE_CASE_FRACTION * len(words)
