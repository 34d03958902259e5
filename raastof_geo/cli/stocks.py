"""Of what is kept from run to run: `raastof cache info` and `raastof cache clear`."""

from raastof_geo.cli.terminal import tell
from raastof_geo.language import format_number, read_texts, say


def tell_cache() -> None:
    """Tell where the cache lies and what it holds."""
    from raastof_geo.cache import MARK, cache_folder, find_stranger, list_stocks
    from raastof_geo.links import is_folder

    tell(cache_folder())
    stranger = find_stranger()
    if stranger is not None:
        told = say("{file} is a file or a link where a folder must be: nothing is kept there.")
        if is_folder(stranger):
            told = say("{folder} is not ours (it has no file {mark}): nothing is kept there.")
        tell(told.format(file=str(stranger), folder=str(stranger), mark=MARK))
    told, names = say("{kind}: {entries} entries, {size} MB"), read_texts("kinds of stocks")
    for stock in list_stocks():
        kind, size = names[stock.kind], format_number(stock.size_mb, digits=1)
        tell(told.format(kind=kind, entries=stock.entries, size=size))


def empty_cache() -> None:
    """Empty the cache; what is needed is made again."""
    from raastof_geo.cache import clear_cache

    size = format_number(clear_cache(), digits=1)
    tell(say("The cache is empty; {size} MB are free.", size=size))
