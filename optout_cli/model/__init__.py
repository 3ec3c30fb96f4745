"""The nouns: frozen values with no behavior beyond formatting themselves.

Lines and texts are limited where they are read: a paragraph of 100 kB takes WeasyPrint 6 s.
"""
