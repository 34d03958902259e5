"""Which roads there are, and what is otherwise on them than the map says."""

from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field, ValidationInfo

from raastof_geo.emissions.limit import TRUCK_LIMITS, with_fields
from raastof_geo.errors import InputError
from raastof_geo.scenario.fault import SetOf
from raastof_geo.scenario.identity import MunicipalityId, VehicleId
from raastof_geo.scenario.said.part import ONE_OR_SEVERAL, Part, Window, field_for_each
from raastof_geo.scenario.said.site import check_degrees, region_in

RouteMeasure = Literal["emissions", "time", "cost"]
_Point: TypeAlias = Annotated[
    tuple[float, float], AfterValidator(lambda at, info: check_degrees(*at, region_in(info)))
]


class RoadsMeant(Window):
    """Which roads are meant, by one of these, and when."""

    name: str | None = None
    """Roads of this name or number, as in `Storstrømsbroen` or `E47`."""
    way: Annotated[SetOf[int] | None, ONE_OR_SEVERAL] = None
    """Ways by their ids in OpenStreetMap."""
    at: _Point | None = None
    """The road nearest to a place: longitude, latitude. [degrees]"""
    polygon: tuple[tuple[float, float], ...] | None = Field(default=None, min_length=3)
    """All roads that touch an area: its corners, longitude and latitude each. [degrees]"""


@with_fields(field_for_each(TRUCK_LIMITS))
class _RoadLimits(RoadsMeant):
    """What trucks meet there; the limits come after."""

    closed: bool = False
    """Whether trucks may not use them."""
    speed_km_h: float | None = Field(default=None, gt=0, le=130)
    """What trucks average there, whatever class and signs say. [km/h]"""


class RoadChange(_RoadLimits):
    """Roads that are not as the map says, always or in a window of periods."""

    vehicles: SetOf[VehicleId] | None = None
    """The trucks it is about; none: all."""
    note: str = ""
    """Why, for the reader."""

    def _check(self, info: ValidationInfo) -> None:
        where = (self.name, self.way, self.at, self.polygon)
        if sum(value is not None for value in where) != 1:
            raise InputError.saying_text("said", "roads")
        if not (self.closed or self.speed_km_h or self.limits):
            raise InputError.saying_text("said", "no change")

    @property
    def limits(self) -> dict[str, float]:
        """The limits that are set, by name. [t, m]"""
        names = [limit.name for limit in TRUCK_LIMITS]
        return {name: value for name in names if (value := getattr(self, name)) is not None}


class NetworkChoice(Part):
    """Which roads, and how trucks choose among them."""

    file: Path | None = None
    """A network made by `raastof network build` or `fetch`, a file of OpenStreetMap such as
    `.osm.pbf`, or a `.graphml` of OSMnx; none: the built-in network."""
    municipalities: SetOf[MunicipalityId] = ()
    """Read only these, and what lies near, from a file of OpenStreetMap."""
    changes: SetOf[RoadChange] = ()
    """Roads that are not as the map says: closed, limited, slower."""
    ferries: bool = True
    """Whether trucks may take ferries."""
    route_by: RouteMeasure = "emissions"
    """What a route has least of."""
    snap_limit_m: float = Field(default=1000.0, gt=0, le=20_000)
    """Refuse a site farther than this from any road. [m]"""
    access_way: bool = False
    """Whether the straight way between a site and its road counts in kilometres, time and
    emissions, driven as a service road."""
