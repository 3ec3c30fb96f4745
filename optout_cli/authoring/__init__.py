"""An unfinished request: draft, request writer, tables to fill in, follow-ups, JSON Schemas."""
