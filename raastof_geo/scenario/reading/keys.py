"""Keys of a scenario that were written in another way: in Danish, or mistyped."""

from collections.abc import Sequence
from difflib import get_close_matches

from raastof_geo.language import Message, say
from raastof_geo.scenario.identity import EITHER, fold_id, join_choices, suggest

_CLOSE = 0.8

_DANISH: dict[str, str] = {
    "titel": "title",
    "navn": "name title",
    "beskrivelse": "description note",
    "bemærkning": "note",
    "sprog": "language",
    "periode": "periods period from",
    "perioder": "periods",
    "vejnet netværk": "network",
    "veje": "network changes",
    "køretøj køretøjer lastbil lastbiler": "vehicles",
    "vognpark": "fleet vehicles",
    "returlæs": "return_loads",
    "tomgang": "idle_min_per_load",
    "betingelse": "condition accepted_conditions",
    "betingelser vilkår": "accepted_conditions conditions",
    "katalog": "catalogue",
    "lokalitet lokaliteter steder": "sites",
    "sted": "sites at",
    "mål": "targets objectives measure",
    "målsætninger": "objectives targets",
    "aftale aftaler": "agreements",
    "valg": "choices",
    "basis før": "baseline",
    "effekt": "effect",
    "offentliggør": "publish",
    "resultater uddata": "outputs",
    "kommune": "municipality municipalities",
    "kommuner": "municipalities municipality",
    "længde": "lon line",
    "længdegrad": "lon",
    "bredde": "lat maxwidth_m",
    "breddegrad": "lat",
    "øst": "easting",
    "nord": "northing",
    "overskud udbud tilbud": "offers",
    "behov": "needs",
    "råstofgrav grusgrav grav": "pit",
    "modtager": "receiver taker",
    "jordmodtager": "receiver",
    "deponi": "receiver landfill",
    "anlæg knuser": "plant",
    "mellemdepot": "depot",
    "lager": "stockpile depot",
    "projekt": "project",
    "areal arealanvendelse": "land",
    "materiale": "material materials",
    "materialer": "materials supplies accepts material",
    "mængde": "amount tonnes",
    "mængde_pr_periode": "amount_per_period",
    "tons ton": "tonnes amount",
    "fra": "from giver",
    "til": "to taker",
    "anvendelse brug": "use",
    "anvendelser": "uses",
    "skal_væk": "must_leave",
    "pris": "price_dkk_per_t price",
    "priser": "price_dkk_per_t",
    "leverer": "supplies",
    "modtager_materialer": "accepts",
    "modtagegebyr gebyr": "gate_fee_dkk_per_t gate_fee",
    "kapacitet": "capacity capacity_per_period capacity_total",
    "kapacitet_pr_periode": "capacity_per_period",
    "kapacitet_i_alt": "capacity_total",
    "opskrift opskrifter": "recipes",
    "åbner": "opens",
    "omkostning": "cost_dkk",
    "slut": "end to",
    "begyndelse": "start from",
    "håndtering": "handling handling_dkk_per_t",
    "afsender": "giver",
    "forbudt": "forbidden",
    "mindst": "at_least",
    "højst": "at_most at_most_per_period",
    "andel": "share secondary_share",
    "genanvendelse": "secondary_share",
    "minimer": "minimise",
    "rækkefølge": "objectives",
    "antal": "number",
    "lukket": "closed",
    "vej": "way name",
    "færger": "ferries",
    "fil": "file",
    "ændringer": "changes",
    "mindste_læs": "smallest_lot",
    "partnere": "partners_at_most",
    "tidsgrænse": "time_limit_s",
    "kilde": "source",
    "kilder": "sources",
    "værdi": "value",
    "enhed": "unit",
    "densitet": "density_compacted density_loose density_in_situ",
    "oprindelse": "origin",
}
"""Danish words, and the keys that each of them may stand for, the likeliest first."""


def english_keys(given: str, keys: Sequence[str]) -> list[str]:
    """Give the keys that a word was meant for, in Danish or mistyped; none where none is near."""
    danish = {
        word: found
        for words, meant in _DANISH.items()
        if (found := [key for key in meant.split() if key in keys])
        for word in words.split()
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
