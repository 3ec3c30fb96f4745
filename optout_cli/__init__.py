"""optout: formal opt-out notices, from jurisdiction data to finished letters."""

__version__ = "0.2.0"
