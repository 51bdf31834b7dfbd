"""From public repositories to the weights of the built-in model. Not part of the package."""
