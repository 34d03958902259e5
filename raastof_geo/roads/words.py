"""What words of OpenStreetMap mean to a truck with soil or stone, as `data/tags.toml` has them."""

import tomllib
from importlib import resources
from typing import Any

TAGS: dict[str, Any] = tomllib.loads(
    (resources.files("raastof_geo") / "data" / "tags.toml").read_text("utf-8")
)


def list_words(text: str) -> list[str]:
    """List the words of a text that has commas between them."""
    return [word.strip() for word in text.split(",")]


def by_word(table: str) -> dict[str, str]:
    """Give what each word of a table means, which has the words of each meaning."""
    return {word: meaning for meaning, text in TAGS[table].items() for word in list_words(text)}
