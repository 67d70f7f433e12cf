"""Nobody crosses: whatever anyone asks, no answer holds what is another's.

`python -m tests.access.crossing` is the long run and prints its table; `... controls` takes conditions away, and shows
that this is found out.
"""
