"""One request -> its letters -> exports. This is the pipeline.

Returns values and raises problems; prints nothing, and takes the day from outside.
"""
