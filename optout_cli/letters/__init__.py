"""One request -> its letters -> exports. This is the pipeline.

Returns values and raises problems. Prints nothing, and gets the date from its caller.
"""
