"""Builds src/models/embedders/offline.bin, the word table of the offline embedder. See README.md.

usage: python build.py WORDNET_DICT_FOLDER WORK_FOLDER
"""

import re
import struct
import sys
import unicodedata
from pathlib import Path

import numpy as np
import scipy.sparse as sparse

from corpus import Corpus, read_corpus
from teacher import VOCABULARY, Teacher

DIMENSIONS = 192
SIF = 1e-3
"""How much of its length a frequent word keeps to begin with: SIF / (SIF + frequency)."""
STAY = 0.3
"""Pull towards what the teacher says of the word alone; words in few sentences stay near it."""
CHUNK = 10_000
TARGET = Path(__file__).parents[2] / "src/models/embedders/offline.bin"


def taught(corpus: Corpus, work: Path) -> tuple[np.ndarray, np.ndarray]:
    """The teacher's vectors of vocabulary and sentences. Kept in files, since they take half an hour."""
    teacher: list[Teacher] = []

    def kept(name: str, texts: list[str], is_text: bool = True) -> np.ndarray:
        file = work / f"{name}.npy"
        if not file.exists():
            if not teacher:
                teacher.append(Teacher())
            np.save(file, teacher[0].of_texts(texts) if is_text else teacher[0].of_tokens(texts))
            print(f"{name}: {len(texts)} taught", flush=True)
        return np.load(file).astype(np.float32)

    vocabulary = [kept("words", corpus.words), kept("extra", corpus.extra), kept("pieces", corpus.pieces, False)]
    chunks = [
        kept(f"sentences-{start // CHUNK:02d}", corpus.sentences[start : start + CHUNK])
        for start in range(0, len(corpus.sentences), CHUNK)
    ]
    return np.concatenate(vocabulary), np.concatenate(chunks)


def rows_of(word: str, row: dict[str, int]) -> list[int]:
    """The word, or its longest known beginning and the pieces that follow; as offline.ts does it."""
    if word in row:
        return [row[word]]
    rows: list[int] = []
    start = 0
    while start < len(word):
        for end in range(len(word), start, -1):
            piece = ("##" if start > 0 else "") + word[start:end]
            if piece in row:
                rows.append(row[piece])
                break
        else:
            end = start + 1
        start = end
    return rows


def counted(texts: list[str], row: dict[str, int]) -> sparse.csr_matrix:
    columns: list[int] = []
    ends = [0]
    for text in texts:
        plain = unicodedata.normalize("NFD", text.replace("’", "'").lower())
        plain = "".join(char for char in plain if unicodedata.category(char) != "Mn")
        for word in re.findall("[a-z0-9]+", plain):
            columns += rows_of(word, row)
        ends.append(len(columns))
    matrix = sparse.csr_matrix((np.ones(len(columns), np.float32), columns, ends), shape=(len(texts), len(row)))
    matrix.sum_duplicates()
    return matrix


def first_weights(corpus: Corpus) -> np.ndarray:
    """The teacher's vocabulary stands in order of frequency; by Zipf's law the place gives the frequency."""
    first_word = 999  # before it: marks, unused places, single characters
    tokens = {token: at for at, token in enumerate(VOCABULARY.read_text("utf8").splitlines())}
    places = np.array([max(1, tokens.get(word, 29_999) - first_word) for word in corpus.vocabulary], float)
    frequency = 1 / (places + 2.7)
    return SIF / (SIF + frequency / frequency.sum())


def fitted(counts: sparse.csr_matrix, wanted: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Ridge regression: sums of word vectors, at unit length, shall be the teacher's sentences. Conjugate gradients."""
    table = start.copy()
    for _ in range(2):  # the lengths of the sums change with the table
        lengths = np.linalg.norm(counts @ table, axis=1)
        scaled = sparse.diags((1 / lengths).astype(np.float32)) @ counts
        back = scaled.T.tocsr()
        precondition = (1 / (np.asarray(scaled.power(2).sum(0)).ravel() + STAY))[:, None]
        change = table - start
        rest = back @ (wanted - scaled @ table) - STAY * change
        step = precondition * rest
        product = (rest * step).sum(0)
        for _ in range(10):
            image = back @ (scaled @ step) + STAY * step
            rate = product / ((step * image).sum(0) + 1e-12)
            change += rate * step
            rest -= rate * image
            new_product = (rest * precondition * rest).sum(0)
            step = precondition * rest + new_product / (product + 1e-12) * step
            product = new_product
        table = start + change
    return table.astype(np.float32)


def reduced(table: np.ndarray, counts: sparse.csr_matrix) -> np.ndarray:
    """Keeps the directions in which sentences differ most."""
    sums = counts[::3] @ table
    sums /= np.linalg.norm(sums, axis=1, keepdims=True)
    _, directions = np.linalg.eigh(sums.T @ sums)
    return table @ directions[:, ::-1][:, :DIMENSIONS]


def write(vocabulary: list[str], table: np.ndarray) -> None:
    """'PWT1', rows, dimensions, bytes of the word list; words by line feeds; scales as float32; int8 rows."""
    scales = (np.abs(table).max(1) / 127).astype("<f4")
    rows = np.round(table / scales[:, None]).astype(np.int8)
    words = "\n".join(vocabulary).encode()
    words += b"\n" * (-len(words) % 4)  # floats lie at multiples of four
    head = b"PWT1" + struct.pack("<III", len(vocabulary), DIMENSIONS, len(words))
    TARGET.write_bytes(head + words + scales.tobytes() + rows.tobytes())
    print(f"{TARGET}: {len(vocabulary)} rows of {DIMENSIONS}, {TARGET.stat().st_size} bytes")


def main() -> None:
    wordnet, work = Path(sys.argv[1]), Path(sys.argv[2])
    work.mkdir(parents=True, exist_ok=True)
    corpus = read_corpus(VOCABULARY, wordnet)
    alone, wanted = taught(corpus, work)
    row = {word: at for at, word in enumerate(corpus.vocabulary)}
    counts = counted(corpus.sentences, row)
    enough = np.asarray(counts.sum(1)).ravel() >= 2
    start = (alone * first_weights(corpus)[:, None]).astype(np.float32)
    table = fitted(counts[enough], wanted[enough], start)
    write(corpus.vocabulary, reduced(table, counts[enough]))


main()
