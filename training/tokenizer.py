"""The model's tokenizer: WordPiece over lower-cased letters and single digits.

A text's identifiers are split at case boundaries before it gets here
(`lumen_hooks.chunking.identifiers`); all that is not a letter from a to z or a digit separates,
and accents are dropped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

if TYPE_CHECKING:
    from collections.abc import Iterator

PAD, UNKNOWN = "[PAD]", "[UNK]"
PIECE_CHARACTERS_MAX = 40
"""A longer run of letters is unknown: it is data, not words."""


def new_tokenizer() -> Tokenizer:
    """An untrained tokenizer."""
    tokenizer = Tokenizer(
        models.WordPiece(unk_token=UNKNOWN, max_input_chars_per_word=PIECE_CHARACTERS_MAX)
    )
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFKD(), normalizers.StripAccents(), normalizers.Lowercase()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Split(
        Regex("[a-z]+|[0-9]"), behavior="removed", invert=True
    )
    return tokenizer


def train_tokenizer(texts: Iterator[str], pieces: int) -> Tokenizer:
    """A tokenizer with a vocabulary of so many pieces, learnt from texts."""
    tokenizer = new_tokenizer()
    trainer = trainers.WordPieceTrainer(
        vocab_size=pieces,
        special_tokens=[PAD, UNKNOWN],
        limit_alphabet=36,
        min_frequency=3,
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer
