"""Text that users write -> documents -> nouns, with every problem at its spot.

Every scalar stays text: nothing is guessed. Knows no jurisdiction and no letter.
"""
