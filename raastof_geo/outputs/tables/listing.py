"""Name the figures that `raastof explain` knows."""

from raastof_geo.figures.vocabulary import told_in_books


def name_figure(part: str) -> str:
    """Give what people call a part of the books, without the unit of its tables."""
    return {indicator.name: indicator.bare for indicator in told_in_books()}.get(part, "")
