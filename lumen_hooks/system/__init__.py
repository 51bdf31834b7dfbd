"""What the operating system gives; knows no git and no index."""
