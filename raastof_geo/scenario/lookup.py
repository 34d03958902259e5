"""Look up several things that were asked for by id or name, and tell all mistakes at once."""

from collections.abc import Sequence

from raastof_geo.errors import Finding, InputError, raise_all
from raastof_geo.scenario.catalogue import Catalogue
from raastof_geo.scenario.identity import find_id
from raastof_geo.scenario.scenario import Scenario


def look_up(where: Catalogue | Scenario, asked: Sequence[tuple[str, str]]) -> list[str]:
    """Give ids by section (`sites`, `periods` …) and id or name, or tell all that there are not."""
    found: list[str] = []
    wrong: list[Finding] = []
    for section, given in asked:
        try:
            if section == "periods" and isinstance(where, Scenario):
                found.append(where.calendar.find(given))
            else:
                found.append(find_id(section, given, where.names(section)))
        except InputError as error:
            wrong += error.findings
    raise_all(InputError, wrong)
    return found
