"""Files of several languages: which of their lines are in which."""
