"""Making an index equal to its worktree."""
