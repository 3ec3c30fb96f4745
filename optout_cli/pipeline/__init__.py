"""Chains the stages, for one request or to look at what there is.

Gives values and raises Problems; prints nothing, and takes the day from outside.
"""
