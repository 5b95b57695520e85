"""What the teacher is shown: words and word pieces, and the definitions and example sentences of WordNet."""

import random
import re
from dataclasses import dataclass
from pathlib import Path

SENTENCES = 100_000
PARTS = (("noun", "n"), ("verb", "v"), ("adj", "a"), ("adv", "r"))
SENSE_PART = {"1": "n", "2": "v", "3": "a", "4": "r", "5": "a"}


@dataclass
class Corpus:
    words: list[str]
    """Whole words of the teacher's own vocabulary, most frequent first."""
    extra: list[str]
    """Words that WordNet's tagged texts use and the teacher would take to pieces."""
    pieces: list[str]
    """'##' and a piece that continues a word."""
    sentences: list[str]

    @property
    def vocabulary(self) -> list[str]:
        return self.words + self.extra + self.pieces


def read_corpus(vocabulary_file: Path, wordnet: Path) -> Corpus:
    tokens = vocabulary_file.read_text("utf8").splitlines()
    kept = [token for token in tokens if re.fullmatch("(##)?[a-z0-9]+", token)]
    known = set(kept)
    uses_of_synset: dict[tuple[str, str], int] = {}
    uses_of_word: dict[str, int] = {}
    for line in (wordnet / "index.sense").open():
        sense, offset, _, uses = line.split()
        word, rest = sense.split("%")
        synset = (SENSE_PART[rest[0]], offset)
        uses_of_synset[synset] = uses_of_synset.get(synset, 0) + int(uses)
        uses_of_word[word] = uses_of_word.get(word, 0) + int(uses)
    extra = [
        word
        for word, uses in sorted(uses_of_word.items(), key=lambda entry: -entry[1])
        if uses > 0 and word not in known and re.fullmatch("[a-z]{3,}", word)
    ]
    return Corpus(
        words=[token for token in kept if not token.startswith("##")],
        extra=extra,
        pieces=[token for token in kept if token.startswith("##")],
        sentences=read_sentences(wordnet, known, uses_of_synset),
    )


def read_sentences(wordnet: Path, known: set[str], uses: dict[tuple[str, str], int]) -> list[str]:
    """Examples in use first, then definitions of words in use, then the rest."""
    ranked: list[tuple[int, str]] = []
    for name, part in PARTS:
        for line in (wordnet / f"data.{name}").open():
            if line.startswith("  "):  # the licence stands at the head of each file
                continue
            fields, _, gloss = line.partition(" | ")
            entry = fields.split()
            words = [re.sub(r"\(.*\)", "", entry[4 + 2 * at]).replace("_", " ") for at in range(int(entry[3], 16))]
            is_used = uses.get((part, entry[0]), 0) > 0
            is_known = any(word.lower() in known for word in words)
            definition = re.sub(r';?\s*"[^"]*"?', "", gloss).strip().strip(";").strip()
            ranked.append((2 * is_used + is_known, f"{', '.join(words[:3])}: {definition}"))
            ranked += [(3 if is_used or is_known else 1, example) for example in re.findall(r'"([^"]+)"', gloss)]
    order = random.Random(1)
    ranked.sort(key=lambda entry: (-entry[0], order.random()))
    return [sentence for _, sentence in ranked[:SENTENCES]]
