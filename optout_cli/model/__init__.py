"""The nouns: frozen values that do nothing but format themselves.

`fields` limits the length of lines and texts: WeasyPrint takes 6 s for a paragraph of 100 kB.
"""
