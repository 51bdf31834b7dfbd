"""Syntax trees: grammars, and the definitions that their queries find."""
