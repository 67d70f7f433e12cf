"""The tables of docs/security.md, row by row, as they hold over HTTP."""
