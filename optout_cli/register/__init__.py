"""What happened to each letter: events on disk, the state that follows from them, what is due."""
