"""What `doctor` looks at: each module's checks are data, and change nothing."""
