"""Who asks, what they may see and do, and how much of it."""
