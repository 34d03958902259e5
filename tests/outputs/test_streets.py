"""Lines as short text: what is written of many is what is written of each."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from raastof_geo.outputs.pages.streets import encode_lines, encode_numbers

NUMBERS = st.lists(st.integers(-(2**40), 2**40), max_size=6)


def letters_of(values):
    """Write numbers one by one, as the source of the algorithm says."""
    text, before = "", 0
    for now in values:
        value = (now - before) << 1
        value, before = (~value if value < 0 else value), now
        while value >= 32:
            text, value = text + chr((32 | value & 31) + 63), value >> 5
        text += chr(value + 63)
    return text


@settings(deadline=None)
@given(runs=st.lists(NUMBERS, max_size=6))
def test_runs_of_numbers_are_written_as_each_alone(runs):
    counts = np.array([len(run) for run in runs], np.int64)
    values = np.array([one for run in runs for one in run], np.int64)
    assert encode_numbers(values, counts) == [letters_of(run) for run in runs]


def test_what_is_no_line_is_empty_and_the_others_keep_their_places():
    lines = [[], [(12.0, 55.0)], [(12.0, 55.0), (12.1, 55.2)], [(12.0, 55.0)] * 3]
    assert encode_lines(lines, 0.0) == [
        "",
        "",
        f"{letters_of([550000, 552000])} {letters_of([120000, 121000])}",
        "",
    ]
    assert encode_lines([], 0.0) == []


def test_a_line_is_simplified_alone():
    """Points within the tolerance go; a line beside it changes nothing."""
    bent = [(12.0, 55.0), (12.05, 55.00001), (12.1, 55.0)]
    other = [(11.0, 56.0), (11.5, 56.4), (11.9, 56.1)]
    both = encode_lines([bent, other], 0.001)
    assert both == [*encode_lines([bent], 0.001), *encode_lines([other], 0.001)]
    assert both[0] == f"{letters_of([550000] * 2)} {letters_of([120000, 121000])}"
    assert both[1].split()[0] == letters_of([560000, 564000, 561000])
