"""What a cell may show: the kinds of values, how many of them, and how long each may be."""

KINDS = ("text/plain", "text/html", "text/markdown", "text/latex", "image/png", "image/jpeg")
MAX_SHOWN = 30  # pictures and values of one cell
MAX_PICTURE, MAX_TEXT = 2_000_000, 200_000  # characters of one of them


def max_length(kind: str) -> int:
    """Return how long a shown value of this kind may be."""
    return MAX_PICTURE if kind.startswith("image/") else MAX_TEXT
