"""Jurisdictions, bureaus and ICE offices: read, merged with overlays by id, and found by name."""
