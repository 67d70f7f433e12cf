"""Conversations in the API: the type and the queries."""
