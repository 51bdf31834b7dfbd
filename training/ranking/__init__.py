"""Teaching the ranking: questions of every kind to repositories that nothing else was taught by."""
