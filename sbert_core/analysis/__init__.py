"""Arrays in, result dataclasses out: similarity, neighbours, maps, clusters and their names.

Nothing here knows a file, a model or a page. Every function gives the same result for the same
arguments; where chance is needed, a `seed` fixes it.
"""
