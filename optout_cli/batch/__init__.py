"""Many requests: read, checked, planned, made by several processes, and kept in a folder."""
