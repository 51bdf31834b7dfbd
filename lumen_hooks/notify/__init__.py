"""What the hook tier may import: os and sys alone."""
