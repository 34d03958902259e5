"""Areas that networks are clipped to."""

import json
import geopandas as gpd
import pytest
import shapely
from raastof_geo.errors import RoadDataError
from raastof_geo.roads.area import read_area, read_polygon

SQUARE = shapely.box(12.0, 55.4, 12.2, 55.5)
OTHER = shapely.box(12.4, 55.4, 12.5, 55.5)


pytestmark = pytest.mark.usefixtures("english")


def feature(shape):
    return {"type": "Feature", "properties": {}, "geometry": json.loads(shapely.to_geojson(shape))}


def write(tmp_path, content, name="area.geojson"):
    file = tmp_path / name
    file.write_text(json.dumps(content), encoding="utf-8")
    return file


def test_nothing_given_is_no_area():
    """Without a wish nothing is clipped."""
    assert read_area() is None


def test_bounds_are_a_rectangle():
    """West, south, east, north."""
    assert read_area(bounds=(12.0, 55.4, 12.2, 55.5)).equals(SQUARE)


@pytest.mark.parametrize("bounds", [(12.2, 55.4, 12.0, 55.5), (12, 91, 13, 92), (-181, 0, 0, 1)])
def test_bounds_the_wrong_way_round_are_refused(bounds):
    """West of east, south of north, on the Earth."""
    with pytest.raises(RoadDataError, match="west, south, east, north"):
        read_area(bounds=bounds)


@pytest.mark.parametrize(
    "content",
    [
        json.loads(shapely.to_geojson(SQUARE)),
        feature(SQUARE),
        {"type": "FeatureCollection", "features": [feature(SQUARE)]},
        {
            "type": "GeometryCollection",
            "geometries": [json.loads(shapely.to_geojson(SQUARE)), None],
        },
        feature(shapely.MultiPolygon([SQUARE])),
    ],
)
def test_geojson_of_every_kind_is_read(tmp_path, content):
    """A geometry, a feature, a collection of either."""
    assert read_area(file=write(tmp_path, content)).equals(SQUARE)


def test_all_polygons_are_joined_and_other_shapes_left(tmp_path):
    """Points and lines beside the polygons do no harm."""
    features = [feature(SQUARE), feature(shapely.Point(1, 1)), feature(OTHER)]
    area = read_area(file=write(tmp_path, {"type": "FeatureCollection", "features": features}))
    assert area.equals(shapely.union(SQUARE, OTHER))


def test_a_polygon_that_crosses_itself_is_mended(tmp_path):
    """A bow tie becomes two triangles."""
    bow = shapely.Polygon([(12, 55), (13, 56), (13, 55), (12, 56)])
    area = read_polygon(write(tmp_path, feature(bow)))
    assert area.is_valid
    assert area.area == pytest.approx(0.5)


def test_a_geopackage_in_metres_is_read_in_degrees(tmp_path):
    """Other files may have any coordinate system that they name."""
    file = tmp_path / "area.gpkg"
    gpd.GeoDataFrame(geometry=[SQUARE], crs="EPSG:4326").to_crs("EPSG:25832").to_file(file)
    assert read_area(file=file).symmetric_difference(SQUARE).area < 1e-6


@pytest.mark.parametrize(
    ("content", "name", "sentence"),
    [
        (None, "none.geojson", "does not exist"),
        ("{", "cut.geojson", "cannot be read as polygons"),
        ('{"type": "Feature"}', "half.geojson", "has no polygons"),
        ("[1, 2]", "list.geojson", "cannot be read as polygons"),
        ("words", "words.gpkg", "cannot be read as polygons"),
        (json.dumps(feature(shapely.Point(12, 55))), "point.geojson", "has no polygons"),
        (json.dumps(feature(shapely.box(7e5, 6e6, 7.1e5, 6.1e6))), "m.geojson", "are not degrees"),
    ],
)
def test_a_file_that_is_no_area_says_why(tmp_path, content, name, sentence):
    """Each way of being wrong has its sentence."""
    if content is not None:
        (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(RoadDataError, match=sentence):
        read_area(file=tmp_path / name)


@pytest.mark.parametrize("name", ["Køge", "køge kommune", "0259"])
def test_municipalities_have_names_and_codes(name):
    """With or without Kommune, in any case, or by code."""
    area = read_area(municipalities=[name])
    assert area.contains(shapely.Point(12.15, 55.45))
    assert not area.contains(shapely.Point(12.08, 55.64))


def test_unknown_municipalities_are_all_named_with_what_was_meant():
    """Every mistake at once, with a suggestion where one is near."""
    with pytest.raises(RoadDataError) as caught:
        read_area(municipalities=["Køge", "Koege", "Atlantis"])
    told = str(caught.value)
    assert "did you mean `Køge`" in told
    assert "`Atlantis` is not a municipality here." in told


def test_a_margin_widens_the_area_in_metres():
    """Two kilometres more on each side."""
    wide = read_area(bounds=SQUARE.bounds, buffer_m=2000)
    west = gpd.GeoSeries([SQUARE, wide], crs="EPSG:4326").to_crs("EPSG:25832").bounds["minx"]
    assert west[0] - west[1] == pytest.approx(2000, rel=0.02)


def test_one_way_of_saying_it():
    """Bounds and municipalities together are refused."""
    with pytest.raises(RoadDataError, match="not by several"):
        read_area(bounds=SQUARE.bounds, municipalities=["Køge"])
