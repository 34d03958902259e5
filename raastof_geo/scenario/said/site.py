"""Where a site lies and what it does; areas and tables of sites; which roads lead to them."""

import re
from contextlib import suppress
from dataclasses import replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias
import shapely
from pydantic import AfterValidator, Field, ValidationInfo, field_validator
from pyproj import CRS
from pyproj.exceptions import ProjError
from raastof_geo.emissions.limit import TRUCK_LIMITS, with_fields
from raastof_geo.errors import InputError, raise_all
from raastof_geo.language import Message, read_danish_words, say_text
from raastof_geo.region.projection import DEGREES, METRES, unproject
from raastof_geo.region.region import Region, read_region
from raastof_geo.scenario import identity
from raastof_geo.scenario.catalogue import SoilMove
from raastof_geo.scenario.identity import Context, Fault, FaultError, SetOf
from raastof_geo.scenario.said import entry
from raastof_geo.scenario.said.entry import ONE_OR_SEVERAL, Part, Role, Window, field_for_each

AXES = (("lon", "lat"), ("easting", "northing"))
"""The keys of a site that say where it lies: in degrees, or in metres."""
_OTHERS = (METRES, "EPSG:25833")
"""What Danish coordinates are mostly in, where the region's own system does not fit."""
_NUMBER = re.compile(r"(?:urn:ogc:def:crs:)?(?:([A-Za-z]+):{1,2})?(\d{3,6})(?:\.0)?")


@lru_cache
def read_system(given: str) -> str:
    """Read `25832` or `UTM 32N`. Returns `EPSG:25832`; `InputError`: PROJ has no such system."""
    word = re.sub(r"[^a-z0-9]|zone", "", given.casefold())
    text = read_danish_words("systems.txt").get(word, [given.strip()])[0]
    with suppress(ProjError):
        if match := _NUMBER.fullmatch(text):
            return str(CRS.from_authority((match[1] or "EPSG").upper(), match[2]).to_string())
    raise InputError.saying_text("coordinates", "no system", crs=f"`{given[:60]}`")


Crs: TypeAlias = Annotated[str, Field(examples=[*_OTHERS]), AfterValidator(read_system)]
"""A coordinate system by its number, such as `EPSG:25832`."""


def region_in(info: ValidationInfo) -> Region:
    """Find the region that a scenario is read for. Returns the built-in one where none is said."""
    return Context.of(info).region or read_region()


def check_degrees(lon: float, lat: float, region: Region | None) -> tuple[float, float]:
    """Check that degrees lie in a region, if any is said. Returns lon and lat, or raises."""
    if region is None or region.covers(lon, lat):
        return lon, lat
    if region.covers(lat, lon):
        raise InputError.saying_text("coordinates", "degrees swapped")
    told = {"lon": f"{lon:.10g}", "lat": f"{lat:.10g}"}
    if likely := _likely_crs(lon, lat, region) or _likely_crs(lat, lon, region):
        raise InputError.saying_text("coordinates", "no degrees", likely=likely, **told)
    names = ("west", "south", "east", "north")
    told |= {name: f"{at:g}" for name, at in zip(names, region.bounds or (), strict=False)}
    key = "outside" if "west" in told else "no place"
    raise InputError.saying_text("coordinates", key, **told)


def to_degrees(easting: float, northing: float, crs: Crs) -> tuple[float, float]:
    """Turn metres into degrees. Returns lon and lat, infinite where there is no such place."""
    lon, lat = unproject(easting, northing, crs)[0].tolist()
    return lon, lat


def _what_metres_look_like(easting: float, northing: float, crs: Crs, region: Region) -> Message:
    if region.covers(easting, northing):
        return say_text("coordinates", "degrees", crs=crs)
    if region.covers(*to_degrees(northing, easting, crs)):
        return say_text("coordinates", "metres swapped")
    if (likely := _likely_crs(easting, northing, region)) not in (None, crs):
        return say_text("coordinates", "other system", crs=crs, likely=likely)
    given = {"easting": f"{easting:.0f}", "northing": f"{northing:.0f}"}
    return say_text("coordinates", "no metres", crs=crs, **given)


def _likely_crs(easting: float, northing: float, region: Region) -> str | None:
    """Tell the UTM zones apart: on Zealand their eastings lie 400 km from each other."""
    systems = dict.fromkeys((region.crs, *_OTHERS))
    places = ((crs, to_degrees(easting, northing, crs)) for crs in systems)
    return next((crs for crs, at in places if region.covers(*at)), None)


@with_fields(field_for_each(limit for limit in TRUCK_LIMITS if limit.at_sites))
class TruckLimits(Part):
    """The largest truck that a site has room for; loaded to the full."""


class Located(Part):
    """Where something lies: a point, or a shape with a road to it."""

    lon: float | None = None
    lat: float | None = None
    crs: Crs | None = None
    easting: float | None = None
    northing: float | None = None
    shape: str | None = Field(default=None, max_length=1_000_000)
    """The polygon or line of the site as WKT in degrees; trucks enter by the road nearest to it, or
    by the entrance whose coordinates are said beside it."""

    @field_validator("shape")
    @classmethod
    def _is_a_shape(cls, shape: str | None) -> str | None:
        drawn = shapely.from_wkt(shape, on_invalid="ignore")
        if shape is not None and (drawn is None or drawn.is_empty or not drawn.is_valid):
            raise InputError.saying_text("said", "shape")
        return shape

    def _check(self, info: ValidationInfo) -> None:
        at = {"lon": "lat", "easting": "northing"}.get(self.place_key, self.place_key)
        try:
            self._find_place(region_in(info))
        except FaultError:
            raise
        except InputError as error:
            raise FaultError(Fault(error.findings[0].message, (at,))) from error

    def _find_place(self, region: Region | None) -> tuple[float, float]:
        """Give where the site lies, or raise an `InputError`: nowhere, or not in the region."""
        metres = self.crs not in (None, DEGREES)
        match self.lon, self.lat, self.easting, self.northing:
            case float(lon), float(lat), None, None:
                check_degrees(lon, lat, region)
                if metres:
                    raise FaultError(Fault(say_text("said", "degrees", crs=str(self.crs))))
                return lon, lat
            case None, None, float(easting), float(northing):
                if not metres:
                    raise FaultError(Fault(say_text("said", "system")))
                at = to_degrees(easting, northing, str(self.crs))
                if region is not None and not region.covers(*at):
                    given = easting, northing, str(self.crs)
                    raise InputError(_what_metres_look_like(*given, region))
                return at
            case None, None, None, None if self.shape is not None:
                middle = shapely.from_wkt(self.shape).representative_point()
                return check_degrees(middle.x, middle.y, region)
        raise FaultError(Fault(say_text("said", "place"), (self._lacking_axis(),)))

    def _lacking_axis(self) -> str:
        """Give the first coordinate that is missing beside one of its system, else `lon`."""
        begun = [axes for axes in AXES if any(getattr(self, one) is not None for one in axes)]
        return next((one for one in (*begun, AXES[0])[0] if getattr(self, one) is None), "lon")

    @cached_property
    def lon_lat(self) -> tuple[float, float]:
        """Returns lon and lat of the site. [degrees WGS84]"""
        return self._find_place(None)

    @property
    def place_key(self) -> str:
        """Returns the key that says where it lies, and where trucks enter."""
        keys = ("lon", "easting", "shape")
        return next((one for one in keys if getattr(self, one) is not None), "lon")

    @cached_property
    def entrances(self) -> Any:
        """Returns where trucks may enter: the place said, else all along the shape. [degrees]"""
        if self.place_key != "shape":
            return shapely.Point(self.lon_lat)
        return shapely.from_wkt(self.shape)


PLACED = Located.model_fields.keys() - {"shape"}
"""Keys that say where a point lies."""


class Site(Located):
    """A place with one or more roles."""

    name: str = Field(default="", max_length=10_000)
    note: str = ""
    """What a reader should know: where the amounts come from, whether they are illustrative."""
    municipality: identity.MunicipalityId | None = None
    offers: tuple[entry.OfferEntry, ...] = ()
    needs: tuple[entry.NeedEntry, ...] = ()
    pit: entry.PitEntry | None = None
    receiver: entry.ReceiverEntry | None = None
    plant: entry.PlantEntry | None = None
    depot: entry.DepotEntry | None = None
    stockpile: entry.StockpileEntry | None = None
    project: str = ""
    """The project that the site belongs to; none: it is a project of its own."""
    client: str = ""
    """Who has the work done, or owns the place; none: nobody that others share."""
    land: identity.LandId | None = None
    """What the land is, which decides what soil may come to it; none: the strictest, or
    `built_up` in a file of a format before the third."""
    soil_mapping: identity.SoilMappingId | None = None
    """How the ground is mapped as polluted; soil from there is sampled by it."""
    address: str = Field(default="", max_length=500)
    land_register: str = Field(default="", max_length=500)
    """Number and district in the land register, for notifications of moved soil."""
    vehicles: SetOf[identity.VehicleId] | None = None
    """The only trucks that may come here; none: all of the scenario."""
    truck_limits: TruckLimits = TruckLimits()
    """The largest truck that there is room for."""
    partners_at_most: int | None = Field(default=None, ge=1)
    """The most other sites that it exchanges material with; none: as `choices` says."""

    def _check(self, info: ValidationInfo) -> None:
        if not self.roles:
            raise InputError.saying_text("said", "no role")
        if self.stockpile and not self.offers:
            raise InputError.saying_text("said", "stockpile")
        if self.stockpile:
            foreign = self.stockpile.foreign_stocks({offer.material: 0 for offer in self.offers})
            below = (replace(fault, below=("stockpile", *fault.below)) for fault in foreign)
            raise_all(FaultError, below)

    @property
    def roles(self) -> tuple[Role, ...]:
        """Returns what the site does, in the order of `Role`."""
        due = {Role.NEED: self.needs, Role.OFFER: self.offers}
        return (*(role for role, said in due.items() if said), *self.places)

    @property
    def places(self) -> dict[Role, entry.OpenDays]:
        """Returns its pit, receiver, plant and depot by role, as far as it has them."""
        keys = (Role.PIT, Role.RECEIVER, Role.PLANT, Role.DEPOT)
        return {one: place for one in keys if (place := getattr(self, one)) is not None}


class ZoneEntry(Part):
    """An area, and the condition under which soil may come to the needs in it."""

    file: Path | None = None
    """Polygons, GeoJSON or GeoPackage, by a name from the scenario's folder on."""
    sites: SetOf[identity.SiteId] = ()
    """Sites that lie in it; those inside the polygons of `file` are added."""
    rule: str = Field(min_length=1, max_length=100)
    """Id of the rule, as `raastof why` and the outputs show it."""
    needs_condition: identity.ConditionId
    soil_class: int = Field(default=0, ge=0, le=4)
    """The cleanest class of soil that needs the condition; worse soil needs it too."""

    def _check(self, info: ValidationInfo) -> None:
        if self.file is None and not self.sites:
            raise InputError.saying_text("said", "zone")

    @property
    def ruling(self) -> SoilMove:
        """Returns the rule that it is; its source is the file."""
        named = {"rule": self.rule, "citation": self.file.name if self.file else self.rule}
        return SoilMove(verdict="conditional", condition=self.needs_condition, **named)


class SiteTable(Part):
    """A sheet, a layer or a text with separators, in which each row says something of a site."""

    file: Path
    """By its name from the scenario's folder on: CSV, XLSX, GeoPackage, GeoJSON, GeoParquet,
    Shapefile or FlatGeobuf."""
    sheet: str | None = None
    """Its sheet or layer; none: those that are called as tables are, else the first."""
    columns: dict[str, str] = Field(default_factory=dict)
    """The headings that stand above keys, where they are others; then no other column is read."""
    crs: Crs | None = None
    """The system of its coordinates, where it names none, such as `EPSG:25832`."""


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

    vehicles: SetOf[identity.VehicleId] | None = None
    """The trucks it is about; none: all."""
    note: str = ""
    """Why, for the reader."""

    def _check(self, info: ValidationInfo) -> None:
        if sum(value is not None for value in (self.name, self.way, self.at, self.polygon)) != 1:
            raise InputError.saying_text("said", "roads")
        if not (self.closed or self.speed_km_h or self.limits):
            raise InputError.saying_text("said", "no change")

    @property
    def limits(self) -> dict[str, float]:
        """Returns the limits that are set, by name. [t, m]"""
        names = [limit.name for limit in TRUCK_LIMITS]
        return {name: value for name in names if (value := getattr(self, name)) is not None}


class NetworkChoice(Part):
    """Which roads, and how trucks choose among them."""

    file: Path | None = None
    """A network made by `raastof network build` or `fetch`, a file of OpenStreetMap such as
    `.osm.pbf`, or a `.graphml` of OSMnx; none: the built-in network."""
    municipalities: SetOf[identity.MunicipalityId] = ()
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
