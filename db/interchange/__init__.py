"""Conversations from other systems: files are cut into records, read, and written again without loss."""
