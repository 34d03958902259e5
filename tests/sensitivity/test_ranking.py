"""The ranking of everything: each bar is what the file changed by hand gives."""

from worlds import make_legs, random_kilometres

KM = random_kilometres(5)


def price(scenario):
    return make_legs(scenario, KM)
