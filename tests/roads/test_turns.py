"""Turn restrictions, from OpenStreetMap's relations to the routes that heed them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
import networkx as nx
import numpy as np
import pytest
from numpy.typing import NDArray
from worlds import make_network, measure_all
from raastof_geo.roads.edges import Turn
from raastof_geo.roads.mapped.build import lay_network
from raastof_geo.roads.mapped.osm import read_osm
from raastof_geo.roads.network import RoadNetwork
from raastof_geo.roads.routing.engine import has_hierarchies
from raastof_geo.roads.routing.graph import RoadGraph, RoadStop, build_graph
from raastof_geo.roads.routing.router import WeightedRoads, load_router

WITHOUT_HIERARCHIES = pytest.mark.skipif(
    not has_hierarchies(), reason="routingkit_cch has no wheel on this machine"
)
ENGINES = pytest.mark.parametrize(
    "hierarchies",
    [
        pytest.param(False, id="scipy"),
        pytest.param(True, id="routingkit", marks=WITHOUT_HIERARCHIES),
    ],
)

# Restrictions as mapped.

STEP = 0.01  # some 630 m of longitude, 1,110 m of latitude

NODES = {1: (0, 0), 2: (1, 0), 3: (2, 0), 4: (1, -1.2), 5: (1, 1), 6: (-1, 0), 7: (-1, 1)}
"""West, crossing, east, south and north, and beyond the west; in steps."""

WAYS: dict[str, list[int]] = {
    "vest": [1, 2],
    "øst": [2, 3],
    "nord": [2, 5],
    "syd": [2, 4],
    "sydvest": [1, 4],
    "sydøst": [4, 3],
    "nordøst": [3, 5],
    "nordvest": [5, 1],
}
"""A crossing with a ring road around it; the road from the west is one-way towards it."""

Members = Sequence[tuple[str, str, int | str]]


@dataclass(frozen=True)
class Relation:
    tags: dict[str, str]
    members: Members


@dataclass
class Map:
    """A small map that can be written as a file of OpenStreetMap."""

    ways: dict[str, list[int]] = field(default_factory=lambda: dict(WAYS))
    one_ways: tuple[str, ...] = ("vest",)
    relations: list[Relation] = field(default_factory=list)
    node_tags: dict[int, dict[str, str]] = field(default_factory=dict)

    def number(self, name: str) -> int:
        """Give the id of a way; of one that is missing, an id that no way has."""
        return 100 + list(self.ways).index(name) if name in self.ways else 999

    def write(self, file: Path) -> Path:
        body = [
            f'<node id="{ref}" lon="{12 + STEP * east:.7f}" lat="{55.4 + STEP * north:.7f}">'
            + _write_tags(self.node_tags.get(ref, {}))
            + "</node>"
            for ref, (east, north) in NODES.items()
        ]
        for name, refs in self.ways.items():
            tags = {"highway": "secondary", "name": name}
            if name in self.one_ways:
                tags["oneway"] = "yes"
            points = "".join(f'<nd ref="{ref}"/>' for ref in refs)
            body.append(f'<way id="{self.number(name)}">{points}{_write_tags(tags)}</way>')
        for rank, relation in enumerate(self.relations, start=1):
            members = "".join(
                f'<member type="{kind}" role="{role}" '
                f'ref="{self.number(ref) if isinstance(ref, str) else ref}"/>'
                for role, kind, ref in relation.members
            )
            tags = {"type": "restriction", **relation.tags}
            body.append(f'<relation id="{rank}">{members}{_write_tags(tags)}</relation>')
        text = '<?xml version="1.0" encoding="UTF-8"?><osm version="0.6">'
        file.write_text(text + "".join(body) + "</osm>", encoding="utf-8")
        return file


def _write_tags(tags: dict[str, str]) -> str:
    return "".join(f'<tag k="{key}" v="{value}"/>' for key, value in tags.items())


def turn(
    rule: str, origin: str, via: int | str | Sequence[str], goal: str, **tags: str
) -> Relation:
    """Write a restriction; tags with `_` for `:` beside it."""
    ways = [via] if isinstance(via, int | str) else list(via)
    said = {key.replace("_", ":"): value for key, value in tags.items()}
    return Relation(
        {"restriction": rule, **said} if rule else said,
        [
            ("from", "way", origin),
            *(("via", "node" if isinstance(ref, int) else "way", ref) for ref in ways),
            ("to", "way", goal),
        ],
    )


@pytest.fixture
def drive(tmp_path):
    """Give the names of the roads that a truck takes, none where there is no way."""

    def drive_on(
        roads: Map, origin: str, goal: str, *, hierarchies: bool, **options: bool
    ) -> list[str] | None:
        network = lay_network(read_osm(roads.write(tmp_path / "a.osm")))
        called = [network.called(edge) for edge in range(network.edge_count)]
        router = load_router(build_graph(network, **options), hierarchies=hierarchies)
        routes = router.weigh(router.graph.length_km).routes(
            [RoadStop(called.index(origin), 0.5)], [RoadStop(called.index(goal), 0.5)]
        )
        if not routes.exists[0]:
            return None
        names = [called[edge] for edge in router.graph.edge[routes.arcs(0)]]
        return [name for name in names if name]

    return drive_on


def without(*names: str) -> dict[str, list[int]]:
    return {name: refs for name, refs in WAYS.items() if name not in names}


LEFT = ["vest", "nord"]
LEFT_BY_THE_RING = ["vest", "øst", "nordøst", "nord"]

CASES: dict[str, tuple[list[Relation], str, str, list[str]]] = {
    "nothing": ([], "vest", "nord", LEFT),
    "no_left_turn": ([turn("no_left_turn", "vest", 2, "nord")], "vest", "nord", LEFT_BY_THE_RING),
    "no_left_turn, from elsewhere": (
        [turn("no_left_turn", "vest", 2, "nord")],
        "øst",
        "nord",
        ["øst", "nord"],
    ),
    "no_left_turn, the other way": (
        [turn("no_left_turn", "nord", 2, "syd")],
        "syd",
        "nord",
        ["syd", "nord"],
    ),
    "no_straight_on": (
        [turn("no_straight_on", "vest", 2, "øst")],
        "vest",
        "øst",
        ["vest", "nord", "nordøst", "øst"],
    ),
    "no_right_turn and no_straight_on": (
        [turn("no_right_turn", "vest", 2, "syd"), turn("no_straight_on", "vest", 2, "øst")],
        "vest",
        "syd",
        ["vest", "nord", "nordøst", "øst", "syd"],
    ),
    "only_straight_on": (
        [turn("only_straight_on", "vest", 2, "øst")],
        "vest",
        "nord",
        LEFT_BY_THE_RING,
    ),
    "only_right_turn": (
        [turn("only_right_turn", "vest", 2, "syd")],
        "vest",
        "nord",
        ["vest", "syd", "sydøst", "øst", "nord"],
    ),
    "only_right_turn binds one road": (
        [turn("only_right_turn", "vest", 2, "syd")],
        "syd",
        "nord",
        ["syd", "nord"],
    ),
    "via a way": (
        [turn("no_left_turn", "vest", ["øst"], "nordøst")],
        "vest",
        "nordøst",
        ["vest", "nord", "nordøst"],
    ),
    "via a way, from elsewhere": (
        [turn("no_left_turn", "vest", ["øst"], "nordøst")],
        "syd",
        "nordøst",
        ["syd", "øst", "nordøst"],
    ),
    "via a way, but only": (
        [turn("only_right_turn", "vest", ["øst"], "sydøst")],
        "vest",
        "nordøst",
        ["vest", "nord", "nordøst"],
    ),
    "via a way, but only, as said": (
        [turn("only_right_turn", "vest", ["øst"], "sydøst")],
        "vest",
        "sydøst",
        ["vest", "øst", "sydøst"],
    ),
    "except trucks": (
        [turn("no_left_turn", "vest", 2, "nord", **{"except": "psv;hgv"})],
        "vest",
        "nord",
        LEFT,
    ),
    "except buses": (
        [turn("no_left_turn", "vest", 2, "nord", **{"except": "psv"})],
        "vest",
        "nord",
        LEFT_BY_THE_RING,
    ),
    "for trucks": (
        [turn("", "vest", 2, "nord", restriction_hgv="no_left_turn")],
        "vest",
        "nord",
        LEFT_BY_THE_RING,
    ),
    "for buses": (
        [turn("", "vest", 2, "nord", restriction_bus="no_left_turn")],
        "vest",
        "nord",
        LEFT,
    ),
    "a way is missing": (
        [turn("only_straight_on", "vest", 2, "no such way")],
        "vest",
        "nord",
        LEFT,
    ),
    "the first way is missing": (
        [turn("no_left_turn", "no such way", 2, "nord")],
        "vest",
        "nord",
        LEFT,
    ),
    "a way between is missing": (
        [turn("no_left_turn", "vest", ["no such way"], "nord")],
        "vest",
        "nord",
        LEFT,
    ),
    "the node is missing": ([turn("no_left_turn", "vest", 98, "nord")], "vest", "nord", LEFT),
    "no target": (
        [
            Relation(
                {"restriction": "only_straight_on"}, [("from", "way", "vest"), ("via", "node", 2)]
            )
        ],
        "vest",
        "nord",
        LEFT,
    ),
    "members do not meet at the node": (
        [turn("only_straight_on", "vest", 5, "øst")],
        "vest",
        "nord",
        LEFT,
    ),
    "members do not meet at the way": (
        [turn("only_straight_on", "vest", ["nordøst"], "sydøst")],
        "vest",
        "nord",
        LEFT,
    ),
    "against a one-way": ([turn("only_straight_on", "øst", 2, "vest")], "øst", "nord",
                          ["øst", "nord"]),
    "no relation of this type": (
        [
            Relation(
                {"type": "route", "restriction": "no_left_turn"},
                turn("", "vest", 2, "nord").members,
            )
        ],
        "vest",
        "nord",
        LEFT,
    ),
    "two restrictions on the same turn": (
        [turn("no_left_turn", "vest", 2, "nord"), turn("only_straight_on", "vest", 2, "øst")],
        "vest",
        "nord",
        LEFT_BY_THE_RING,
    ),
    "two of a kind": (
        [turn("no_left_turn", "vest", 2, "nord")] * 2,
        "vest",
        "nord",
        LEFT_BY_THE_RING,
    ),
    "two from different roads": (
        [turn("no_left_turn", "vest", 2, "nord"), turn("no_right_turn", "øst", 2, "nord")],
        "øst",
        "nord",
        ["øst", "nordøst", "nord"],
    ),
}  # fmt: skip


@ENGINES
@pytest.mark.parametrize("name", CASES)
def test_routes_heed_mapped_restrictions(name, hierarchies, drive):
    """A truck takes the legal way, and what cannot be understood binds nobody."""
    relations, origin, goal, expected = CASES[name]
    assert drive(Map(relations=relations), origin, goal, hierarchies=hierarchies) == expected


@ENGINES
def test_restrictions_can_be_left_out(hierarchies, drive):
    """With `turns=False` trucks turn as they like."""
    roads = Map(relations=[turn("no_left_turn", "vest", 2, "nord")])
    assert drive(roads, "vest", "nord", hierarchies=hierarchies, turns=False) == LEFT


@ENGINES
def test_a_restriction_runs_over_two_ways_between(hierarchies, drive):
    """A sequence of four roads is forbidden as a whole, and each part of it allowed."""
    ways = without("nord")
    relation = turn("no_u_turn", "vest", ["øst", "nordøst"], "nordvest")
    straight = ["vest", "øst", "nordøst", "nordvest"]
    assert drive(Map(ways), "vest", "nordvest", hierarchies=hierarchies) == straight
    roads = Map(ways, relations=[relation])
    around = drive(roads, "vest", "nordvest", hierarchies=hierarchies)
    assert around == ["vest", "syd", "sydvest", "nordvest"]
    assert drive(roads, "syd", "nordvest", hierarchies=hierarchies) != straight
    assert drive(roads, "vest", "nordøst", hierarchies=hierarchies) == straight[:3]
    assert drive(roads, "øst", "nordvest", hierarchies=hierarchies) == straight[1:]


@ENGINES
def test_nobody_turns_round_on_a_road_that_goes_on(hierarchies, drive):
    """Driving straight on and turning round at the next crossing would be nearer, and unlikely."""
    roads = Map(relations=[turn("no_left_turn", "vest", 2, "nord")])
    found = drive(roads, "vest", "nord", hierarchies=hierarchies)
    assert found == LEFT_BY_THE_RING
    assert ("øst", "øst") not in pairwise(found)


@ENGINES
def test_a_dead_end_is_for_turning_round(hierarchies, drive):
    """Where a road ends a truck may turn, unless a sign forbids that, too."""
    ways = without("sydøst", "nordøst")
    relations = [turn("no_left_turn", "vest", 2, "nord")]
    found = drive(Map(ways, relations=relations), "vest", "nord", hierarchies=hierarchies)
    assert found == ["vest", "øst", "øst", "nord"]
    relations.append(turn("no_u_turn", "øst", 3, "øst"))
    found = drive(Map(ways, relations=relations), "vest", "nord", hierarchies=hierarchies)
    assert found == ["vest", "syd", "sydvest", "nordvest", "nord"]


@ENGINES
def test_another_restriction_leaves_the_dead_end_for_turning(hierarchies, drive):
    """`no_left_turn` from a road to itself is no ban on turning round."""
    ways = without("sydøst", "nordøst")
    relations = [turn("no_left_turn", "vest", 2, "nord"), turn("no_left_turn", "øst", 3, "øst")]
    found = drive(Map(ways, relations=relations), "vest", "nord", hierarchies=hierarchies)
    assert found == ["vest", "øst", "øst", "nord"]


@ENGINES
def test_a_way_that_other_roads_cross_is_bound_at_the_node_only(hierarchies, drive):
    """Of a way in several edges the last one before the node turns, the others do not."""
    ways = {**WAYS, "vest": [6, 1, 2], "nordøst": [3, 5]}
    relations = [turn("no_left_turn", "vest", 2, "nord")]
    roads = Map(ways, relations=relations)
    found = drive(roads, "vest", "nord", hierarchies=hierarchies)
    # Left at the crossing before, where nothing is forbidden.
    assert found == ["vest", "nordvest", "nord"]
    ways["nordvest"] = [5, 7]
    found = drive(Map(ways, relations=relations), "vest", "nord", hierarchies=hierarchies)
    assert found == ["vest", *LEFT_BY_THE_RING]


@ENGINES
def test_a_way_is_split_at_the_node_of_its_restriction(hierarchies, drive):
    """A way that runs on through the crossing can be told to do so."""
    ways = {"gade": [1, 2, 3], **without("vest", "øst")}
    roads = Map(ways, one_ways=("gade",), relations=[turn("only_straight_on", "gade", 2, "gade")])
    found = drive(roads, "gade", "nord", hierarchies=hierarchies)
    assert found == ["gade", "gade", "nordøst", "nord"]


@ENGINES
def test_no_turning_round_lets_a_way_run_straight_on(hierarchies, drive):
    """`no_u_turn` from a way to itself does not close the way to who drives on along it."""
    ways = {"gade": [1, 2, 3], **without("vest", "øst")}
    roads = Map(ways, one_ways=(), relations=[turn("no_u_turn", "gade", 2, "gade")])
    found = drive(roads, "gade", "sydøst", hierarchies=hierarchies)
    free = drive(replace(roads, relations=[]), "gade", "sydøst", hierarchies=hierarchies)
    assert found == free == ["gade", "gade", "sydøst"]


@ENGINES
@pytest.mark.parametrize(
    ("rule", "origin", "goal"),
    [
        ("only_right_turn", "vest", "tværs"),
        ("no_left_turn", "vest", "tværs"),
        ("no_left_turn", "tværs", "øst"),
        ("only_straight_on", "tværs", "øst"),
    ],
)
def test_a_turn_that_leaves_open_which_side_it_means_binds_nobody(
    rule, origin, goal, hierarchies, drive
):
    """A member that runs through the crossing has two sides: it is left out, closing neither."""
    ways = {"vest": [1, 2], "tværs": [4, 2, 5], **without("vest", "nord", "syd")}
    roads = Map(ways, relations=[turn(rule, origin, 2, goal)])
    for goes in ("øst", "tværs"):
        assert drive(roads, "vest", goes, hierarchies=hierarchies) == ["vest", goes]
    assert drive(roads, "tværs", "øst", hierarchies=hierarchies)[:2] == ["tværs", "øst"]


@ENGINES
def test_two_only_turns_leave_both(hierarchies, drive):
    """Two `only` turns from one road allow the one and the other."""
    relations = [
        turn("only_straight_on", "vest", 2, "øst"),
        turn("only_right_turn", "vest", 2, "syd"),
    ]
    roads = Map(relations=relations)
    assert drive(roads, "vest", "øst", hierarchies=hierarchies) == ["vest", "øst"]
    assert drive(roads, "vest", "syd", hierarchies=hierarchies) == ["vest", "syd"]
    assert drive(roads, "vest", "nord", hierarchies=hierarchies) == LEFT_BY_THE_RING


BARRIER = {2: {"barrier": "height_restrictor", "maxheight": "4.5"}}


@ENGINES
@pytest.mark.parametrize("rule", ["no_left_turn", "only_straight_on"])
def test_a_barrier_at_the_crossing_changes_no_restriction(rule, hierarchies, drive):
    """Where a barrier stands on the very node, trucks that pass it turn as signs say."""
    relation = turn(rule, "vest", 2, "nord" if rule.startswith("no") else "øst")
    roads = Map(relations=[relation], node_tags=BARRIER)
    assert drive(roads, "vest", "øst", hierarchies=hierarchies) == ["vest", "øst"]
    assert drive(roads, "vest", "nord", hierarchies=hierarchies) == LEFT_BY_THE_RING


# Random restrictions against a reference of its own.

Arcs = tuple[int, ...]


def draw_network(seed: int, *, one_ways: float = 0.25) -> RoadNetwork:
    """Draw a small network with forbidden and prescribed turns over two and three arcs."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(6, 11))
    edges = [(rank, int(rng.integers(rank))) for rank in range(1, count)]
    edges += [
        tuple(rng.choice(count, 2, replace=False).tolist())
        for _ in range(int(rng.integers(3, count + 2)))
    ]
    edges.append(edges[int(rng.integers(len(edges)))])
    signs = rng.random(len(edges))
    ends = [end for tail, head in edges for end in ((tail, head), (head, tail))]
    found = []
    for _ in range(int(rng.integers(1, 13))):
        arcs = [int(rng.integers(len(ends)))]
        for _ in range(int(rng.integers(1, 3))):
            after = [arc for arc, (tail, _) in enumerate(ends) if tail == ends[arcs[-1]][1]]
            arcs.append(int(rng.choice(after)))
        found.append(Turn(bool(rng.random() < 0.35), tuple(arcs)))
    return make_network(
        rng.uniform((12.0, 55.4), (12.2, 55.6), (count, 2)),
        edges,
        one_way=np.flatnonzero(signs < one_ways / 2).tolist(),
        against=np.flatnonzero(signs > 1 - one_ways / 2).tolist(),
        lengths_m=rng.uniform(100, 5000, len(edges)),
        turns=found,
    )


def draw_stops(network: RoadNetwork, seed: int) -> list[RoadStop]:
    rng = np.random.default_rng(seed)
    edges = rng.integers(network.edge_count, size=7)
    stops = [RoadStop(int(edge), float(rng.uniform(0.05, 0.95))) for edge in edges]
    return [*stops, RoadStop(stops[0].edge, 0.5)]


class Reference:
    """Forbidden sequences of arcs, and least weights over the last three arcs driven."""

    def __init__(self, network: RoadNetwork) -> None:
        self.network = network
        self.arcs = [
            arc
            for arc in range(2 * network.edge_count)
            if (network.backward if arc % 2 else network.forward)[arc // 2]
        ]
        self.forbidden = self._forbid()
        self.forbidden |= self._turn_round()
        self.graph = self._join()

    def tail(self, arc: int) -> int:
        return int((self.network.head if arc % 2 else self.network.tail)[arc // 2])

    def head(self, arc: int) -> int:
        return self.tail(arc ^ 1)

    def after(self, arc: int) -> list[int]:
        return [other for other in self.arcs if self.tail(other) == self.head(arc)]

    def weight(self, arc: int) -> float:
        return float(self.network.length_m[arc // 2] / 1000)

    def _forbid(self) -> set[Arcs]:
        turns, found = self.network.turns, set()
        allowed: dict[Arcs, set[int]] = {}
        for only, path, _ in turns:
            if not set(path) <= set(self.arcs):
                continue
            if only:
                allowed.setdefault(path[:-1], set()).add(path[-1])
            else:
                found.add(path)
        for path, last in allowed.items():
            found |= {(*path, arc) for arc in self.after(path[-1]) if arc not in last}
        return found

    def _turn_round(self) -> set[Arcs]:
        """Back along an edge, where any other arc goes on."""
        return {
            (arc, arc ^ 1)
            for arc in self.arcs
            if arc ^ 1 in self.after(arc) and len(self.after(arc)) > 1
        }

    def allows(self, path: Sequence[int]) -> bool:
        return not any(
            tuple(path[first:last]) in self.forbidden
            for first in range(len(path))
            for last in range(first + 2, len(path) + 1)
        )

    def _join(self) -> nx.DiGraph:
        graph = nx.DiGraph()
        todo: list[Arcs] = [(arc,) for arc in self.arcs]
        graph.add_nodes_from(todo)
        while todo:
            state = todo.pop()
            for arc in self.after(state[-1]):
                path = (*state, arc)
                if self.allows(path):
                    if path[-3:] not in graph:
                        todo.append(path[-3:])
                    graph.add_edge(state, path[-3:], weight=self.weight(arc))
        return graph

    def matrix(self, stops: Sequence[RoadStop]) -> NDArray[np.float64]:
        return np.array([self._row(origin, stops) for origin in stops])

    def _row(self, origin: RoadStop, stops: Iterable[RoadStop]) -> list[float]:
        starts = [arc for arc in self.arcs if arc // 2 == origin.edge]
        reached: dict[Arcs, float] = {}
        for arc in starts:
            left = self.weight(arc) * (origin.share if arc % 2 else 1 - origin.share)
            for state, more in nx.single_source_dijkstra_path_length(self.graph, (arc,)).items():
                reached[state] = min(reached.get(state, np.inf), left + more)
        row = []
        for goal in stops:
            found = [np.inf]
            for state, far in reached.items():
                for arc in (2 * goal.edge, 2 * goal.edge + 1):
                    if arc in self.arcs and self.tail(arc) == self.head(state[-1]):
                        part = 1 - goal.share if arc % 2 else goal.share
                        if self.allows((*state, arc)):
                            found.append(far + self.weight(arc) * part)
            for arc in starts:
                ahead = (goal.share - origin.share) * (-1 if arc % 2 else 1)
                if arc // 2 == goal.edge and ahead >= 0:
                    found.append(self.weight(arc) * ahead)
            row.append(min(found))
        return row


def measured(network: RoadNetwork, *, hierarchies: bool, turns: bool = True) -> WeightedRoads:
    router = load_router(build_graph(network, turns=turns), hierarchies=hierarchies)
    return router.weigh(router.graph.length_km)


def slack(measure: WeightedRoads) -> float:
    return (2 * len(measure.router.graph.edge) + 4) / measure.scale


def directed(graph: RoadGraph, arcs: NDArray[np.int64]) -> list[int]:
    return (2 * graph.edge[arcs] + ~graph.ahead[arcs]).tolist()


@ENGINES
@pytest.mark.parametrize("seed", range(28))
def test_restricted_routes_are_the_best_legal_ones(seed, hierarchies):
    """Random `no` and `only` turns, nobody turns round: as networkx's on sequences of arcs."""
    network = draw_network(seed)
    stops = draw_stops(network, seed)
    reference = Reference(network)
    expected = reference.matrix(stops)
    measure = measured(network, hierarchies=hierarchies)
    found = measure_all(measure, stops, stops)
    np.testing.assert_array_equal(np.isinf(found), np.isinf(expected))
    finite = np.isfinite(expected)
    np.testing.assert_allclose(found[finite], expected[finite], rtol=1e-5, atol=slack(measure))
    graph = measure.router.graph
    pairs = [(one, other) for one in stops for other in stops]
    routes = measure.routes(*map(list, zip(*pairs, strict=True)))
    sums = routes.sums({"km": graph.length_km})["km"].reshape(found.shape)
    np.testing.assert_allclose(sums[finite], expected[finite], rtol=1e-5, atol=slack(measure))
    for rank in np.flatnonzero(routes.exists):
        path = directed(graph, routes.arcs(rank))
        assert reference.allows(path)
        assert all(later in reference.after(arc) for arc, later in pairwise(path))


@WITHOUT_HIERARCHIES
@pytest.mark.parametrize("seed", range(30))
def test_both_engines_give_the_same_restricted_matrix(seed):
    """Contraction hierarchies and Dijkstra's algorithm agree to the last bit."""
    network = draw_network(seed, one_ways=0.1)
    stops = draw_stops(network, seed)
    one, other = (
        measure_all(measured(network, hierarchies=kind), stops, stops) for kind in (True, False)
    )
    assert np.array_equal(one, other)


@ENGINES
@pytest.mark.parametrize("seed", range(20))
def test_a_restriction_never_makes_a_route_shorter(seed, hierarchies):
    """Every legal route is a route; and with `turns=False` restrictions are not there at all."""
    network = draw_network(seed)
    stops = draw_stops(network, seed)
    bound = measured(network, hierarchies=hierarchies)
    free = measured(network, hierarchies=hierarchies, turns=False)
    plain = measured(replace(network, turns=()), hierarchies=hierarchies)
    shortest = measure_all(free, stops, stops)
    assert np.array_equal(shortest, measure_all(plain, stops, stops))
    restricted = measure_all(bound, stops, stops)
    assert np.all(restricted >= shortest - slack(bound) - slack(free))


@pytest.mark.parametrize("seed", range(20))
def test_a_restricted_graph_keeps_every_arc(seed):
    """Further nodes lie at nodes of the network, and arcs run between the ends of their edges."""
    network = draw_network(seed)
    router = load_router(build_graph(network), hierarchies=False)
    graph = router.graph
    ahead, back = graph.ahead, ~graph.ahead
    tail, head = network.tail[graph.edge], network.head[graph.edge]
    assert np.array_equal(graph.place[graph.start], np.where(ahead, tail, head))
    assert np.array_equal(graph.place[graph.end], np.where(ahead, head, tail))
    assert np.array_equal(np.unique(graph.edge[ahead]), np.flatnonzero(network.forward))
    assert np.array_equal(np.unique(graph.edge[back]), np.flatnonzero(network.backward))
