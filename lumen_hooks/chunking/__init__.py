"""From one file's text to the stretches that are embedded and found."""
