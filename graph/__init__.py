"""The GraphQL side of Colloquy: schema, HTTP, command line."""

__version__ = "0.1.0"
