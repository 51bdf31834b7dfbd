"""Embedding models, and the store that remembers what they computed.

Importing this package imports nothing: `identity`, `text` and `store` are
cheap enough for every tier, `static` brings numpy and tokenizers, and only
`engine` brings fastembed.
"""
