"""How good the answers are: known questions on pinned sources, scored for each way of ranking."""
