"""The ranking of everything: each bar is what the file changed by hand gives."""

import re

import pytest
from commands import run_command
from worlds import EVERYTHING, PIT_AND_PROJECT, make_legs, make_scenario, random_kilometres

from raastof_geo.outputs.documents.document import render_page
from raastof_geo.outputs.documents.tornado import build_tornado
from raastof_geo.sensitivity.assessment import assess
from raastof_geo.sensitivity.headline import solve_headlines
from raastof_geo.sensitivity.inventory import list_levers

KM = random_kilometres(5)


def price(scenario):
    return make_legs(scenario, KM)
