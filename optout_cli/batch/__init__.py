"""Many requests: read, checked, planned, made by several workers, and kept in an output folder."""
