"""Feedback in the API: the types and the queries."""
