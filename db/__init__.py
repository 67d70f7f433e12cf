"""The data side of Colloquy: tables, verbs, import; knows SQL and domain words, nothing of GraphQL."""
