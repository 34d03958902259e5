"""Everything that a run found out, and its frames and layers, keyed by labels, with units."""

import datetime
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple, cast
import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from raastof_geo.assignment.adjusting.worth import Worths
from raastof_geo.assignment.plan import Plan
from raastof_geo.assignment.telling.names import call
from raastof_geo.effect.burden import count_weekdays, measure_burden
from raastof_geo.effect.measure import Effect
from raastof_geo.figures.vocabulary import ENERGY, INDICATORS, REFERENCE_TONNES
from raastof_geo.language import Fact, Shown, say
from raastof_geo.legs.legs import Legs
from raastof_geo.records.flows import FLOW_COLUMNS
from raastof_geo.region.region import AREA_COLUMNS
from raastof_geo.roads.network import RoadNetwork
from raastof_geo.roads.snap import Anchors
from raastof_geo.scenario.period import Period
from raastof_geo.scenario.scenario import Scenario
from raastof_geo.sensitivity.headline import Assessment

if TYPE_CHECKING:
    import folium

BY_DUMPER = say("Dumper, within the site")
_ADDED = {"tonnes", REFERENCE_TONNES, "loads", ENERGY, *(it.flow for it in INDICATORS if it.flow)}
"""What flows of several periods have together; all else is the same in each of them."""
_LISTED = ("giver", "taker", "taker_kind", "period")
"""What is listed of them."""
_ENDS = ("origin", "destination")
_SIDES = ["edge", "ahead"]
_TRIPS = ["loaded_trips", "empty_trips"]
_KINDS = {"edge": np.intp, "ahead": bool, **dict.fromkeys(_TRIPS, np.float64)}
"""Of the columns of `measure_burden`, which a table without rows does not show."""


@dataclass(frozen=True, eq=False, repr=False)
class Result(Shown):
    """A scenario, its roads, its plan and its effect, and what hangs on its assumptions."""

    scenario: Scenario
    network: RoadNetwork
    anchors: Anchors
    legs: Legs
    plan: Plan
    effect: Effect
    assumptions: Assessment | None = None
    """What hangs on those that the scenario declares; none where they were not solved again."""
    worth: Worths | None = None
    """What one load more or less is worth; none where that was not asked for."""

    def show(self) -> tuple[str, Sequence[Fact]]:
        """Give the scenario's id and the main figures: what the plan saves, and what it does."""
        return self.scenario.id, (*self.effect.show()[1], *self.plan.show()[1])

    def sites(self) -> gpd.GeoDataFrame:
        """List sites. Returns a row each by id, points in metres: roles, tonnes, the effect."""
        return locate_sites(self).set_index("id")

    def routes(self, *, before: bool = False) -> gpd.GeoDataFrame:
        """List flows of plan or baseline. Returns lines in metres by labels; none within sites."""
        flows = self.effect.baseline_flows if before else self.plan.flows
        labels = ["origin", "destination", "material", "vehicle", "period"]
        return draw_flows(self, flows).set_index(labels).sort_index()

    def burden(self, *, by_period: bool = False) -> gpd.GeoDataFrame:
        """List roads with trips in plan and before. Returns a line per segment and way. [1/d]"""
        name = "road_burden" if by_period else "road_burden_total"
        return draw_burden(self)[name].set_index("edge")

    def explore(self, column: str = "material_name", **options: Any) -> "folium.Map":
        """Draw the routes by one of their columns, as geopandas does, and without a tile server.

        Who looks at it needs the internet, for Folium's page fetches its scripts. `options` go to
        `GeoDataFrame.explore`, which asks for `pip install "raastof-geo[notebooks]"`.
        """
        routes = self.routes().reset_index()
        routes = routes[routes.geometry.notna()]
        plain = routes.astype(dict.fromkeys(routes.select_dtypes("datetime").columns, str))
        drawn = plain.explore(column=column, **{"tiles": None, "legend": True} | options)
        return cast("folium.Map", drawn)


class Flow(NamedTuple):
    """What outputs tell of a flow: a row of the table of flows."""

    origin: str
    destination: str
    giver: str
    taker: str
    taker_kind: str
    material: str
    vehicle: str
    period: str
    tonnes: float
    virgin: bool
    loads: int
    length_km: float
    kg_co2e_wtw: float


def list_flows(flows: pd.DataFrame) -> Iterator[Flow]:
    """List flows. Returns them row by row."""
    return map(Flow._make, list_cells(flows, Flow._fields))


def list_cells(frame: pd.DataFrame, columns: Iterable[str]) -> Iterator[tuple[Any, ...]]:
    """List cells of some columns. Returns rows of plain values, quicker than pandas does texts."""
    return zip(*(frame[one].to_numpy(object).tolist() for one in columns), strict=True)


def tabulate_flows(result: Result, flows: pd.DataFrame | None = None) -> pd.DataFrame:
    """Tabulate flows, those of the plan by default. Returns a row each, names beside the ids."""
    scenario = result.scenario
    flows = result.plan.flows if flows is None else flows
    materials = name_materials(result, flows)
    origins, goals, of = (flows[one].to_numpy(object) for one in (*_ENDS, "material"))
    named = flows.assign(
        origin_name=[*map(scenario.site_name, origins)],
        destination_name=[*map(scenario.site_name, goals)],
        material_name=[materials[one] for one in of],
    )
    return named[list(FLOW_COLUMNS)].rename(columns=FLOW_COLUMNS)


def name_truck(scenario: Scenario, vehicle: str, *, inside: bool) -> str:
    """Name a truck, the dumper within a site; nothing where nothing is driven."""
    truck = scenario.catalogue.vehicles.get(vehicle)
    if inside:
        return BY_DUMPER.render(scenario.said.language)
    return truck.called(scenario.said.language) if truck else ""


def name_match(scenario: Scenario, origin: str, goal: str, material: str) -> tuple[str, str, str]:
    """Name who gives, who takes, and what, in the language of the results."""
    called = scenario.catalogue.materials[material].called(scenario.said.language)
    return scenario.site_name(origin), scenario.site_name(goal), called


def name_materials(result: Result, *tables: pd.DataFrame) -> dict[str, str]:
    """Name the materials that flow. Returns names by id, in the language of the results."""
    language, known = result.scenario.said.language, result.scenario.catalogue.materials
    found = sorted({str(one) for flows in tables for one in flows["material"].unique()})
    return {material: known[material].called(language) for material in found}


def locate_sites(result: Result) -> gpd.GeoDataFrame:
    """Locate sites. Returns a row each: roles, what comes and goes, and the share of the effect."""
    scenario, flows = result.scenario, result.plan.flows
    ids, sites = [*scenario.sites], scenario.sites.values()
    lon, lat = zip(*(site.lon_lat for site in sites), strict=True)
    language, where = scenario.said.language, result.effect.books.municipalities
    return gpd.GeoDataFrame(
        {
            "id": ids,
            "name": [*map(scenario.site_name, ids)],
            "role": [next(iter(site.roles), "") for site in sites],
            "roles": [_list(one.caption.render(language) for one in site.roles) for site in sites],
            "project": [*map(scenario.project, ids)],
            "municipality": [where[site] or None for site in ids],
            "note": [site.note for site in sites],
            "snap_m": result.anchors.frame["snap_m"].to_numpy(),
            "offered_tonnes": _add_up(ids, ((one.site, one.tonnes) for one in scenario.offers)),
            "needed_tonnes": _add_up(ids, ((one.site, one.tonnes) for one in scenario.needs)),
            "sent_tonnes": _add_up(ids, list_cells(flows, ("origin", "tonnes"))),
            "received_tonnes": _add_up(ids, list_cells(flows, ("destination", "tonnes"))),
            **_figures(result, "site", ids),
        },
        geometry=gpd.points_from_xy(lon, lat, crs="EPSG:4326"),
    ).to_crs(result.network.region.crs)


def draw_flows(result: Result, flows: pd.DataFrame, *, whole: bool = False) -> gpd.GeoDataFrame:
    """Draw flows, `whole` over all periods. Returns a row each, with the route of its trucks."""
    scenario, legs = result.scenario, result.legs
    periods = flows["period"].to_numpy(object).tolist()
    spells = {one: legs.spell(one) for one in dict.fromkeys(periods)}
    days = [*map(scenario.periods.get, periods)]
    ends = {end: pd.to_datetime([*map(attrgetter(end), days)]) for end in ("start", "end")}
    chosen = flows.assign(spell=[*map(spells.__getitem__, periods)], **ends)
    if whole:
        labels = [*_ENDS, "material", "vehicle", "spell"]
        how: dict[str, Any] = dict.fromkeys(chosen.columns.difference(labels, sort=False), "first")
        how |= {**dict.fromkeys(_ADDED, "sum"), "start": "min", "end": "max"}
        groups = chosen.groupby(labels, as_index=False, sort=False, dropna=False, observed=True)
        listed = {one: _list_by(groups.ngroup(), chosen[one]) for one in _LISTED}
        chosen = groups.agg(how).assign(**listed)
    keys: Any = list(list_cells(chosen, (*_ENDS, "vehicle", "spell")))
    drawn = legs.draw((*key[:3], key[3] or None) for key in keys)
    lines = dict(zip(keys, drawn, strict=True)).items()
    shapes = {key: shapely.LineString(one) if len(one) > 1 else None for key, one in lines}
    return gpd.GeoDataFrame(
        tabulate_flows(result, chosen).assign(**_tell_flows(result, chosen)),
        geometry=[shapes[key] for key in keys],
        crs="EPSG:4326",
    ).to_crs(result.network.region.crs)


def _list(words: Iterable[object]) -> str:
    return ", ".join(dict.fromkeys(map(str, words)))


def _list_by(groups: pd.Series, words: pd.Series) -> list[str]:
    found: dict[int, list[object]] = {}
    for group, word in zip(groups.tolist(), words.to_numpy(object).tolist(), strict=True):
        found.setdefault(group, []).append(word)
    return [*map(_list, found.values())]


def _tell_flows(result: Result, flows: pd.DataFrame) -> dict[str, Any]:
    """Give what a GIS filters and joins by, beside what every table of flows has."""
    scenario, found = result.scenario, result.effect.books.municipalities
    where = {site: name or None for site, name in found.items()}
    language, materials = scenario.said.language, scenario.catalogue.materials
    kinds = [say("primary raw material"), say("secondary material")]
    primary, secondary = (kind.render(language) for kind in kinds)
    rows = list(list_cells(flows, ("vehicle", "virgin", "material", *_ENDS, "start", "end")))
    trucks, virgin, of, origins, goals, first, last = zip(*rows, strict=True) if rows else [()] * 7
    ends = {"origin": origins, "destination": goals}
    driven = zip(trucks, origins, goals, strict=True)
    return {
        "vehicle_name": [name_truck(scenario, one, inside=a == b) for one, a, b in driven],
        "resource": [*map({True: primary, False: secondary}.get, virgin)],
        "soil_class": [materials[one].soil_class for one in of],
        **{f"{end}_project": [*map(scenario.project, each)] for end, each in ends.items()},
        **{f"{end}_municipality": [*map(where.get, each)] for end, each in ends.items()},
        **_date(first, last),
    }


def draw_burden(result: Result) -> dict[str, gpd.GeoDataFrame]:
    """Draw roads that trucks pass. Returns `road_burden`, and `road_burden_total` of all periods.

    One row per road segment and direction, in the first per period too. Lines run the way that
    trucks go: trips with a load and empty ones, in the plan and before, and both for each day from
    Monday to Friday; holidays are not left out. [1/period, 1/d]
    """
    network, periods = result.network, result.scenario.periods
    # Trips in plan and before, by segment, direction and period, in this order.
    scenario, legs, flows = result.scenario, result.legs, result.plan.flows
    plan = measure_burden(scenario, legs, flows, result.plan.empty_trips)
    before = measure_burden(scenario, legs, result.effect.baseline_flows)
    trips = plan.astype(_KINDS).merge(
        before.astype(_KINDS), on=[*_SIDES, "period"], how="outer", suffixes=("", "_before")
    )
    trips = trips.fillna(0.0)
    whole = trips.groupby(_SIDES, as_index=False).sum(numeric_only=True)
    sides = pd.MultiIndex.from_frame(whole[_SIDES])
    points, size = network.draw(*(whole[side].to_numpy() for side in _SIDES))
    ways: Any = shapely.linestrings(points, indices=np.repeat(np.arange(len(size)), size))
    lines = gpd.GeoSeries(ways, crs="EPSG:4326").to_crs(network.region.crs)
    rows = sides.get_indexer(pd.MultiIndex.from_frame(trips[_SIDES]))
    one_each, all_of_them = (
        [[periods[one]] for one in trips["period"].tolist()],
        [*periods.values()],
    )
    return {
        "road_burden": _tell_trips(network, trips, one_each, lines.iloc[rows]),
        "road_burden_total": _tell_trips(network, whole, [all_of_them] * len(whole), lines),
    }


def _tell_trips(
    network: RoadNetwork, trips: pd.DataFrame, spans: list[list[Period]], lines: gpd.GeoSeries
) -> gpd.GeoDataFrame:
    """Lay trips out, each row with the periods that it is about."""
    days = np.array([sum(map(count_weekdays, span)) for span in spans], np.float64)
    daily = {
        f"per_weekday{side}": trips[[f"{one}{side}" for one in _TRIPS]].sum(axis=1) / days
        for side in ("", "_before")
    }
    edges = trips["edge"].to_numpy(np.intp)
    roads = [network.roads[number] for number in network.road[edges].tolist()]
    table = trips.drop(columns="ahead").assign(
        **daily,
        road=[road.name for road in roads],
        road_class=[road.road_class for road in roads],
        per_weekday_change=daily["per_weekday"] - daily["per_weekday_before"],
        length_m=network.length_m[edges],
        **_date([span[0].start for span in spans], [span[-1].end for span in spans]),
    )
    return gpd.GeoDataFrame(table, geometry=lines.to_numpy(), crs=lines.crs)


def draw_municipalities(result: Result) -> gpd.GeoDataFrame:
    """Draw municipalities. Returns a row each, with its share of the effect."""
    areas = result.network.region.areas
    names = areas["name"].astype(str).tolist()
    return gpd.GeoDataFrame(
        areas[AREA_COLUMNS].assign(**_figures(result, "municipality", names)),
        geometry=areas.geometry.to_numpy(),
        crs=areas.crs,
    ).to_crs(result.network.region.crs)


def draw_zones(scenario: Scenario) -> gpd.GeoDataFrame:
    """Draw zones that have polygons. Returns a row each: its rule, and what it asks for."""
    zones, known = [scenario.said.zones[at] for at in scenario.areas], scenario.catalogue.conditions
    return gpd.GeoDataFrame(
        {
            "rule": [zone.rule for zone in zones],
            "condition": [zone.needs_condition for zone in zones],
            "meaning": [str(call(known[zone.needs_condition].name)) for zone in zones],
            "soil_class": [zone.soil_class for zone in zones],
            "sites": [", ".join(zone.sites) for zone in zones],
        },
        geometry=list(scenario.areas.values()),
        crs=scenario.region.crs,
    )


def _figures(result: Result, dimension: str, labels: list[str]) -> dict[str, list[float]]:
    table = result.effect.tabulate(dimension, labels)
    return {str(name): column.tolist() for name, column in table.items()}


def _add_up(sites: Iterable[str], amounts: Iterable[tuple[str, float]]) -> list[float]:
    """Add up amounts, site by site. [t]"""
    found = dict.fromkeys(sites, 0.0)
    for site, tonnes in amounts:
        found[site] += tonnes
    return [*found.values()]


def _date(start: Iterable[datetime.date], end: Iterable[datetime.date]) -> dict[str, Any]:
    """Give first and last day as columns that a GIS takes for moments in time."""
    moment = cache(pd.Timestamp)  # of few days, many times
    return {"start": [*map(moment, start)], "end": [*map(moment, end)]}
