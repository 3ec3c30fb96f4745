"""What optout knows of letters: where they stand, what changed, how they look, what is proved."""
