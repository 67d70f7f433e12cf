"""The servers that the benchmark compares with."""
