"""Keys of a scenario that were written in another way: in Danish, or mistyped."""

from collections.abc import Sequence
from difflib import get_close_matches

from raastof_geo.language import Message, read_danish_words, say
from raastof_geo.scenario.identity import EITHER, fold_id, join_choices, suggest

_CLOSE = 0.8


def english_keys(given: str, keys: Sequence[str]) -> list[str]:
    """Give the keys that a word was meant for, in Danish or mistyped; none where none is near."""
    danish = {
        word: found
        for word, meant in read_danish_words("keys_da.txt").items()
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
