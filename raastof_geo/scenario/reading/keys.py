"""Keys of a scenario that were written in another way: in Danish, or mistyped."""

from collections.abc import Sequence
from difflib import get_close_matches
from functools import cache
from importlib import resources

from raastof_geo.language import Message, say
from raastof_geo.scenario.identity import EITHER, fold_id, join_choices, suggest

_CLOSE = 0.8


@cache
def _danish_words() -> dict[str, list[str]]:
    """Give Danish words, and the keys that each of them may stand for, the likeliest first."""
    file = resources.files("raastof_geo") / "data" / "keys_da.txt"
    lines = file.read_text(encoding="utf-8").splitlines()
    pairs = [line.split(": ") for line in lines if not line.startswith("#")]
    return {word: meant.split() for words, meant in pairs for word in words.split()}


def english_keys(given: str, keys: Sequence[str]) -> list[str]:
    """Give the keys that a word was meant for, in Danish or mistyped; none where none is near."""
    danish = {
        word: found
        for word, meant in _danish_words().items()
        if (found := [key for key in meant if key in keys])
    }
    word = "_".join(fold_id(given).replace("-", " ").split())
    if word in danish:
        return danish[word]
    near = get_close_matches(word, [*keys, *danish], n=1, cutoff=_CLOSE)
    if near and near[0] not in keys:
        return danish[near[0]]
    return get_close_matches(word, keys, n=1, cutoff=0.6)


def suggest_key(given: str, keys: Sequence[str]) -> Message:
    """Say which key was probably meant, or which there are."""
    meant = english_keys(given, keys)
    if not meant:
        return suggest(given, keys)
    shown = [f"`{key}`" for key in meant]
    return say("; did you mean {close}?", close=join_choices(shown, EITHER))
