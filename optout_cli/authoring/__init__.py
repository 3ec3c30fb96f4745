"""An unfinished request: interview, request writer, tables to fill in, follow-ups, JSON Schemas."""

NONE = "none of these"  # a choice beside all others
