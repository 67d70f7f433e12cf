"""Texts as filters compare them."""


def fold(text: str) -> str:
    """The text in lower case, letter by letter: what `contains` and `startsWith` compare.

    Letter by letter, since that is what lower() of PostgreSQL does: Python's own maps U+0130 to two code points, and a
    final sigma to another letter than the same sigma elsewhere.
    """
    # The capital sigma is the one letter whose lower case depends on its neighbours, U+0130 the one that becomes two.
    return text.replace("\u03a3", "\u03c3").replace("\u0130", "i").lower()
