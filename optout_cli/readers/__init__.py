"""Text that users write -> documents -> values of the model, with the location of every problem.

Every value stays text: nothing is guessed. Knows no jurisdiction and no letter.
"""
