"""References in the API: the type."""
