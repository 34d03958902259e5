"""What records say of their formats."""

import json

import pytest

from raastof_geo.errors import InputError
from raastof_geo.language import speaking
from raastof_geo.records.explain import explain_figure
from raastof_geo.records.ledger import LEDGER


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("raastof_geo ledger 99", "written by a newer version of raastof_geo"),
        ("raastof_geo ledger 0", "written by an older version.*run the scenario again"),
        ("something else", "`raastof run` writes .*raastof_geo ledger 1"),
    ],
)
def test_a_ledger_of_another_format_says_what_to_do(tmp_path, form, said):
    """Newer: bring the programme up to date; older: run again; neither: what a run writes."""
    (tmp_path / LEDGER.name).write_text(json.dumps({"format": form}))
    with speaking("en"), pytest.raises(InputError, match=said):
        explain_figure(tmp_path, "plan.kg_co2e_wtw")
