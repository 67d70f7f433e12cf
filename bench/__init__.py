"""The benchmarks of Colloquy and what they are measured against: `python -m bench --help`."""
