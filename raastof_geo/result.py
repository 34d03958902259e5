"""Everything that a run found out, for the outputs to quote and for notebooks to go on with."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import geopandas as gpd

from raastof_geo.card import Fact, Shown
from raastof_geo.frames import layers
from raastof_geo.frames.flows import Solved
from raastof_geo.sensitivity.assessment import Assessment

if TYPE_CHECKING:
    import folium


@dataclass(frozen=True, eq=False, repr=False)
class Result(Solved, Shown):
    """A scenario, its roads, its plan and its effect, and what hangs on its assumptions."""

    assumptions: Assessment | None = None
    """What hangs on those that the scenario declares; none where they were not solved again."""

    def show(self) -> tuple[str, Sequence[Fact]]:
        """Give what the plan does, and what it saves."""
        return self.scenario.id, (*self.effect.show()[1], *self.plan.show()[1])

    def sites(self) -> gpd.GeoDataFrame:
        """Give a row per site, by its id: roles, tonnes, and its share of the effect.

        Returns
        -------
        sites
            Points in metres of the region; `snap_m` is how far the road is. [t, m, kg CO2e, km,
            DKK: by names of columns]
        """
        return layers.locate_sites(self).set_index("id")

    def routes(self, *, before: bool = False) -> gpd.GeoDataFrame:
        """Give a row per flow of the plan, or of the baseline, with the way of its trucks.

        Returns
        -------
        routes
            Lines in metres of the region, by origin, destination, material, vehicle and period;
            none where nothing is driven. [t, km, h, kWh, kg CO2e, DKK: by names of columns]
        """
        flows = self.effect.baseline_flows if before else self.plan.flows
        labels = ["origin", "destination", "material", "vehicle", "period"]
        return layers.draw_flows(self, flows).set_index(labels).sort_index()

    def burden(self, *, by_period: bool = False) -> gpd.GeoDataFrame:
        """Give a row per road segment and direction, with trips in the plan and before.

        Returns
        -------
        burden
            Lines in metres of the region that run the way of the trucks, by segment. [trips,
            1/weekday]
        """
        name = "road_burden" if by_period else "road_burden_total"
        return layers.draw_burden(self)[name].set_index("edge")

    def explore(self, column: str = "material_name", **options: Any) -> "folium.Map":
        """Draw the routes by one of their columns, as geopandas does, and without a tile server.

        Who looks at it needs the internet, for Folium's page fetches its scripts. `options` go to
        `GeoDataFrame.explore`, which asks for `pip install "raastof-geo[notebooks]"`.
        """
        routes = self.routes().reset_index().dropna(subset=["geometry"])
        dates = routes.select_dtypes("datetime").columns
        plain = routes.astype(dict.fromkeys(dates, str))
        drawn = plain.explore(column=column, **{"tiles": None, "legend": True} | options)
        return cast("folium.Map", drawn)
