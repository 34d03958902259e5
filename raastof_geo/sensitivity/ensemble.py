"""Draw what may be otherwise, solve each draw, and see which matches are right in them."""

import hashlib
import math
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias
import numpy as np
import pandas as pd
from raastof_geo.arrays import Columns, Floats, dot
from raastof_geo.assignment.front import MATCH
from raastof_geo.assignment.plan import Plan
from raastof_geo.assignment.statement.problem import LaidColumns, Problem
from raastof_geo.assignment.statement.row import sum_of
from raastof_geo.errors import InputError, RaastofError
from raastof_geo.files import write_whole
from raastof_geo.language import Readable, Tell, say, say_text, speaking
from raastof_geo.records.record import Record, pack_values, read_file, refusing_odd
from raastof_geo.scenario.reading.read import read_varied
from raastof_geo.scenario.said.entry import Role
from raastof_geo.scenario.said.file import OpeningChoice
from raastof_geo.scenario.scenario import Scenario
from raastof_geo.scenario.varied import Edits, edit_together, moves_amounts_only
from raastof_geo.sensitivity import headline
from raastof_geo.sensitivity.headline import HEADLINES, HeadlineName, Lever, list_declared
from raastof_geo.spread import gather, spread
from raastof_geo.version import __version__

Match: TypeAlias = tuple[str, str, str]
"""Who gives to whom which material: ids of two sites and of a material."""

LEAST_T = 0.05
"""Less than this is no match. [t]"""
FREE_SHARE = 1e-6
"""By less than this share of the first objective a plan is not dearer than another."""
MOST_WEIGHED = 50
"""As many of today's matches, and as many of others, are asked whether they are needed."""
MOST_REGRETTED = 200
"""In as many draws at most today's matches are held, and sets of candidates opened."""
MOST_SETS = 20
"""As many sets of candidates, those that are best most often, are opened in draws."""
_APART: tuple[HeadlineName, ...] = ("saved_transport_kg_co2e", "saved_kg_co2e")
"""Headlines of what coordination saves."""
_LEAST_TOGETHER = 0.5
"""Commitments end where fewer of the draws with a plan use all of them."""
_ASKING: dict[str, Any] = {"clock": 120.0, "start": None}
"""How a plan's variants are solved: from nowhere, and so long decisions are looked for. [s]"""


class Draw(NamedTuple):
    """One conceivable course: what was drawn, and what plan and baseline come to in it."""

    number: int
    levels: tuple[float, ...]
    """Of each factor."""
    headlines: tuple[float | None, ...] | None = None
    """In the order of `HEADLINES`; none where there is no plan, or the scenario is refused. In it
    none of what coordination saves where that cannot be told from what other causes do."""
    refused: str = ""
    """Why there are none."""
    matches: Mapping[Match, float] = {}
    """Tonnes of each match in the plan. [t]"""
    dearer: Mapping[Match, float] = {}
    """Of today's matches that are not used: by how much each tonne would raise the first objective,
    at least."""
    regret: float | None = None
    """What holding today's matches adds to the first objective; none: it was not asked."""
    undelivered_t: float = 0.0
    """Tonnes of today's matches that could not be held. [t]"""
    opened: tuple[str, ...] = ()
    """Sites of the candidates that the plan opens."""

    def of(self, name: HeadlineName) -> float | None:
        """Look up a headline. Returns none where it is not known."""
        return None if self.headlines is None else self.headlines[HEADLINES.index(name)]

    def to_plain(self) -> dict[str, Any]:
        """Write it as plain values."""
        lists = {key: [[*match, t] for match, t in getattr(self, key).items()] for key in _LISTED}
        return {**self._asdict(), **lists}


_LISTED, _TUPLES = ("matches", "dearer"), ("levels", "headlines", "opened")


def read_draw(values: Mapping[str, Any]) -> Draw:
    """Read a draw from what `Draw.to_plain` gave."""
    lists = {key: {(one, two, of): t for one, two, of, t in values[key]} for key in _LISTED}
    ends = {key: None if values[key] is None else tuple(values[key]) for key in _TUPLES}
    return Draw(**{**values, **ends, **lists})


@dataclass(frozen=True, eq=False)
class Today:
    """The scenario as it stands, solved, and all that draws of it have in common."""

    scenario: Scenario
    plan: Plan
    headlines: headline.Headlines
    price: headline.Price
    factors: Sequence[Lever]
    levels: Floats
    """[draws x factors]"""
    matches: Mapping[Match, float]
    """Of the plan, the largest first. [t]"""
    known: LaidColumns
    """Columns of the baseline and of causes, which draws share where only amounts differ."""


def solve_today(
    scenario: Scenario, price: headline.Price, factors: Sequence[Lever], levels: Floats
) -> Today:
    """Solve the scenario as it stands; without a plan it is a `NoPlanError`, as in a run."""
    _edit(scenario, factors, [one.subject.value for one in factors])
    causes, known = scenario.said.effect.causes, LaidColumns()
    legs = price(scenario)
    plan, _, found = headline.find_headlines(scenario, legs, causes=causes, known=known)
    ranked = sorted(add_up_matches(plan).items(), key=lambda one: (-one[1], one[0]))
    return Today(scenario, plan, found, price, factors, levels, dict(ranked), known)


def add_up_matches(plan: Plan) -> dict[Match, float]:
    """Add up what goes between sites, but out of pits and to reception. Returns t by match."""
    problem, values = plan.problem, plan.proof.values[plan.problem.block("moves")]
    used = _keep_matches(problem, np.flatnonzero((values > 0) & ~problem.inside))
    found: Any = pd.Series(values[used]).groupby([problem.labels(key, used) for key in MATCH]).sum()
    return dict(found[found >= LEAST_T].items())


def _keep_matches(problem: Problem, columns: Columns) -> Columns:
    dug = problem.given_by(Role.PIT, columns=columns)
    return columns[~(dug | problem.taken_by(Role.RECEIVER, columns=columns))]


def _edit(scenario: Scenario, factors: Sequence[Lever], levels: Sequence[float | None]) -> Edits:
    pairs = ((one.assumption, at) for one, at in zip(factors, levels, strict=True))
    return edit_together(scenario, [(it, at) for it, at in pairs if it and at is not None])


def solve_batch(today: Today, numbers: Sequence[int]) -> list[Draw]:
    """Solve some draws, each by itself from where the plan of today ended."""
    with speaking(*today.scenario.speech):
        return [_solve_draw(today, number) for number in numbers]


def _solve_draw(today: Today, number: int) -> Draw:
    drawn = Draw(number, tuple(today.levels[number].tolist()))
    try:
        varied, how = _read_drawn(today, drawn.levels)
        whole, known = today.headlines.whole, today.known if "columns" in how else None
        plan, _, found = headline.find_headlines(varied, causes=not whole, known=known, **how)
        used, opened = add_up_matches(plan), plan.openings.site[plan.openings.opened]
        apart = found.whole == whole
        told = tuple(found.of(one) if apart or one not in _APART else None for one in HEADLINES)
        dearer = _price_unused(plan, today, used)
        drawn = drawn._replace(headlines=told, matches=used, dearer=dearer)
        drawn = drawn._replace(opened=tuple(sorted(set(opened))))
        if not _is_regretted(today, number):
            return drawn
        regret, undelivered = _hold(plan, today)
        return drawn._replace(regret=regret, undelivered_t=undelivered)
    except RaastofError as error:
        return Draw(number, drawn.levels, refused=str(error).splitlines()[0])


def _read_drawn(today: Today, levels: Sequence[float]) -> tuple[Scenario, dict[str, Any]]:
    """Read the scenario of a draw, and give where its plan begins, with columns if the same."""
    edits = _edit(today.scenario, today.factors, levels)
    varied, how = read_varied(today.scenario, edits), {"explain": False, "start": today.plan}
    if not moves_amounts_only(edits):
        return varied, {**how, "legs": today.price(varied)}
    columns = today.plan.problem
    return varied, {**how, "legs": columns.legs, "columns": columns}


def _is_regretted(today: Today, number: int) -> bool:
    return number % -(-len(today.levels) // MOST_REGRETTED) == 0


def find_match(problem: Problem, match: Match) -> Columns:
    """Find the moves that a match may use. Returns columns of every truck and period."""
    return _keep_matches(problem, problem.find(**dict(zip(MATCH, match, strict=True))))


def _price_unused(plan: Plan, today: Today, used: Mapping[Match, float]) -> dict[Match, float]:
    """Give what a tonne of each of today's matches that are there but not used adds at least."""
    reduced = plan.proof.reduced_costs
    columns = {one: find_match(plan.problem, one) for one in today.matches if one not in used}
    return {one: max(0.0, float(reduced[at].min())) for one, at in columns.items() if len(at)}


def _hold(plan: Plan, today: Today) -> tuple[float, float]:
    """Hold today's matches as far as can be, plan the rest anew, and give what that adds.

    And today's tonnes that cannot be delivered: the fewest, before the first objective is least.
    """
    own, today_t = plan.proof.programme, today.matches.items()
    rows = [sum_of("as_today", "", find_match(plan.problem, one), ">=", t) for one, t in today_t]
    programme, slack = own.with_rows(*rows), np.repeat([0.0, 1.0], [plan.column_count, len(rows)])
    cost = np.append(plan.proof.cost, np.zeros(len(rows)))
    programme = programme.with_slack(range(own.row_count, programme.row_count), ())
    if not (found := plan.search(slack, cost, programme=programme, **_ASKING)).solved:
        raise InputError(say("the search for what holding today's matches costs was cut short"))
    least = plan.certificate.objective
    added = dot(cost, found.values) - least
    return added if added > FREE_SHARE * abs(least) else 0.0, dot(slack, found.values)


class Weight(NamedTuple):
    """What a match is to the plan of today: whether all, or any, plans as good use it.

    `more`: what forbidding it adds to the first objective; none: no plan is left, or not asked.
    """

    more: float | None
    needed: bool
    possible: bool


def weigh_match(today: Today, match: Match) -> Weight:
    """Tell whether today's plan could do without a match, or as well use one that it does not."""
    plan, proof = today.plan, today.plan.proof
    columns, mask = find_match(plan.problem, match), np.zeros(plan.column_count, bool)
    mask[columns] = True
    best = plan.certificate.objective
    if match in today.matches:
        found = plan.search(proof.cost, closed=mask, **_ASKING)
        more = max(0.0, found.value - best) if found.feasible else None
        return Weight(more, more is None or more > FREE_SHARE * abs(best), True)
    if proof.programme.whole.any():
        free = FREE_SHARE * float(np.abs(proof.cost).max(initial=0.0))
        return Weight(None, False, bool((plan.proof.reduced_costs[columns] <= free).any()))
    how = {**_ASKING, "start": proof.start}
    found = plan.search(proof.cost, -mask.astype(np.float64), **how)
    return Weight(None, False, found.solved and float(found.values[columns].sum()) >= LEAST_T)


class SetOpened(NamedTuple):
    """A set of candidates that is best in some draw, opened in all of those that were asked."""

    sites: tuple[str, ...]
    share: float
    """Of the draws with a plan, in which it is the one that is opened."""
    refused: int
    """Draws that were asked in which no plan opens just these."""
    mean: float
    """Of the first objective, over the draws in which every set has a plan; NaN: there is none."""
    regret: float
    """By how much the first objective is above that of the best set, at most."""


def solve_sets(shared: tuple[Today, Sequence[tuple[str, ...]]], number: int) -> list[float]:
    """Open the sites of each set in a draw. Returns the first objective of each; NaN: no plan."""
    today, sets = shared
    varied, how = _read_drawn(today, today.levels[number].tolist())
    candidates, values = today.plan.openings.site, list[float]()
    for sites in sets:
        fixed = [OpeningChoice(of=(one,), at_least=1) for one in sites]
        if closed := tuple(sorted(set(candidates) - set(sites))):
            fixed.append(OpeningChoice(of=closed, exactly=0))
        openings = (*varied.said.choices.openings, *fixed)
        choices = varied.said.choices.model_copy(update={"openings": openings})
        try:
            plan = headline.solve_briefly(varied.saying(choices=choices), causes=False, **how)
            values.append(plan.certificate.objective)
        except RaastofError:
            values.append(np.nan)
    return values


def rank_sets(today: Today, planned: Sequence[Draw], executor: Executor | None) -> list[SetOpened]:
    """Open each set that is best in some draw in others, too; the least on average first."""
    counted = Counter(one.opened for one in planned)
    if not planned or today.plan.openings.empty:
        return []
    ranked = sorted(counted.items(), key=lambda one: (-one[1], one[0]))
    sets = [sites for sites, _ in ranked[:MOST_SETS]]
    asked = [one.number for one in planned if _is_regretted(today, one.number)]
    values = np.array([*spread(executor, solve_sets, (today, sets), asked)]).reshape(-1, len(sets))
    lost, least = np.isnan(values), np.fmin.reduce(values, axis=1, initial=np.inf)
    dearer = np.where(np.isnan(values), 0.0, values - least[:, None])
    dearer[dearer <= FREE_SHARE * np.abs(least)[:, None]] = 0.0
    regrets = dearer.max(axis=0, initial=0.0)
    means = values[~lost.any(axis=1)].sum(axis=0) / ((~lost.any(axis=1)).sum() or np.nan)
    told = zip(sets, lost.sum(axis=0).tolist(), means.tolist(), regrets.tolist(), strict=True)
    opened = [SetOpened(one, counted[one] / len(planned), *rest) for one, *rest in told]
    return sorted(opened, key=lambda one: (one.refused, one.mean, one.sites))


class Used(NamedTuple):
    """A match over all draws with a plan."""

    match: Match
    today_t: float
    """In the plan of today; 0: it is not in it. [t]"""
    share: float
    """Of the draws with a plan, in which it is used."""
    tonnes: tuple[float, ...]
    """Where it is used: what nine of ten, half, and one of ten have at least. [t]"""
    dearer: float | None
    """What a tonne of it adds to the first objective where it is not used, on average, at least."""
    weight: Weight | None = None
    """What it is to the plan of today; none: it was not asked."""


class Commitment(NamedTuple):
    """A match of today, at its place in the order in which to commit to them."""

    used: Used
    together: float
    """Share of the draws with a plan, in which it and all before it are used."""


@dataclass(frozen=True, eq=False)
class Ensemble:
    """What many conceivable courses have in common."""

    today: Today
    seed: int
    draws: Sequence[Draw]
    used: Sequence[Used]
    """By how often they are used, the most first."""
    commitments: Sequence[Commitment]
    sets: Sequence[SetOpened] = ()
    """Of candidates; none where the scenario has none, or no draw a plan."""

    @property
    def planned(self) -> list[Draw]:
        """The draws with a plan."""
        return [one for one in self.draws if one.headlines is not None]

    def count_reached(self, name: HeadlineName) -> int:
        """Count the draws in which a headline is on the right side of its threshold."""
        least = headline.find_threshold(self.today.scenario, name)
        least -= 1e-9 * max(1.0, abs(least))
        found = (one.of(name) for one in self.draws)
        return sum(value is not None and value >= least for value in found)

    def bands(self, name: HeadlineName) -> list[float]:
        """Cut the draws. Returns what 5, 50 and 95 % of them stay below; NaN: none is known."""
        found = [value for one in self.planned if (value := one.of(name)) is not None]
        bands: list[float] = np.quantile(found or [np.nan], (0.05, 0.5, 0.95)).tolist()
        return bands

    def tabulate(self) -> pd.DataFrame:
        """Lay out the draws. Returns a row for each: levels by factor, headlines, and why none."""
        names = [factor.subject.name for factor in self.today.factors]
        none = (np.nan,) * len(HEADLINES)
        rows = [(*one.levels, *(one.headlines or none), one.refused) for one in self.draws]
        return pd.DataFrame(rows, columns=[*names, *HEADLINES, "refused"])


def sum_up(
    today: Today, draws: Sequence[Draw], *, seed: int, executor: Executor | None = None
) -> Ensemble:
    """See what draws have in common, and what their matches are to the plan of today."""
    found = Ensemble(today, seed, draws, (), ())
    used = tally_matches(today, found.planned)
    others = [one.match for one in used if one.match not in today.matches]
    asked = [*[*today.matches][:MOST_WEIGHED], *others[:MOST_WEIGHED]]
    weights = dict(zip(asked, spread(executor, weigh_match, today, asked), strict=True))
    told = [one._replace(weight=weights.get(one.match)) for one in used]
    sets = rank_sets(today, found.planned, executor)
    return replace(found, used=told, commitments=order_commitments(told, found.planned), sets=sets)


def tally_matches(today: Today, planned: Sequence[Draw]) -> list[Used]:
    """Count how often, and how much, each match is used. Returns them, the most used first."""
    counted = []
    for match in {*today.matches}.union(*(one.matches for one in planned)):
        each = [one.matches[match] for one in planned if match in one.matches]
        dearer = [one.dearer[match] for one in planned if match in one.dearer]
        tonnes = np.quantile(each or [0.0], (0.1, 0.5, 0.9), method="lower").tolist()
        share, more = len(each) / max(1, len(planned)), float(np.mean(dearer)) if dearer else None
        counted.append(Used(match, today.matches.get(match, 0.0), share, tuple(tonnes), more))
    return sorted(counted, key=lambda one: (-one.share, -one.today_t, one.match))


def order_commitments(used: Iterable[Used], planned: Sequence[Draw]) -> list[Commitment]:
    """Order today's matches: each time the one with which most draws still use all so far.

    Where several leave as many draws, the one that is cheapest to hold where it is not used, then
    the largest. In the draws that are left holding all of them, as the plan there has them, costs
    nothing. It ends where less than half of the draws with a plan are left.
    """
    listed = list[Commitment]()
    left = [one for one in used if one.today_t and one.share >= _LEAST_TOGETHER]
    left.sort(key=lambda one: (one.dearer or 0.0, -one.today_t, one.match))
    uses = np.array([[one.match in draw.matches for draw in planned] for one in left], bool)
    while left:
        best = int(uses.sum(axis=1).argmax())
        uses = uses[:, uses[best]]
        if (together := uses.shape[1] / len(planned)) < _LEAST_TOGETHER:
            break
        listed.append(Commitment(left.pop(best), together))
        uses = np.delete(uses, best, axis=0)
    return listed


BATCH = 20
"""Draws that are solved and kept together: enough that sending them costs nothing beside solving,
and few enough that little is lost with whoever is killed. The same for any number of workers."""
PARTS = "draws"
"""Folder, in that of an ensemble, of the batches that are done, until all are."""
DRAWN = Record("draws.json", "raastof_geo draws 1", most_bytes=2_000_000_000)
"""A batch, and at last all draws of an ensemble."""

Design: TypeAlias = Mapping[str, Any]
"""What makes an ensemble this one and no other: equal designs have equal draws."""


def plan_design(today: Today, seed: int) -> Design:
    """Give the design of an ensemble: it hangs on all that its draws hang on."""
    drawn = [(one.subject.name, one.subject.levels, str(one.assumption)) for one in today.factors]
    of, count = today.scenario, len(today.levels)
    said = __version__, of.digest, of.id, *of.speech, drawn, count, seed
    digest = hashlib.sha256(repr(said).encode()).hexdigest()
    return {"format": DRAWN.format, "design": digest, "seed": seed}


def pack_draws(design: Design, draws: Sequence[Draw]) -> bytes:
    """Write draws with the design that they are of."""
    return pack_values({**design, "draws": [one.to_plain() for one in draws]})


def _read_draws(design: Design, path: Path) -> list[Draw]:
    values = read_file(path, most_bytes=DRAWN.most_bytes)
    with refusing_odd(path):
        if any(values[key] != value for key, value in design.items()):
            raise InputError.saying_text("ensemble", "another design", file=path)
        return [read_draw(one) for one in values["draws"]]


def run_batches(
    today: Today,
    design: Design,
    folder: Path,
    *,
    resume: bool,
    executor: Executor | None,
    tell: Tell,
) -> list[Draw]:
    """Solve all draws of a design, and keep each batch in a folder as soon as it is done.

    To `resume` begins with the batches that are there, one by one or all draws in one file;
    `InputError` where they are of another design. Else what is there is taken away first.
    """
    draws = range(len(today.levels))
    batches = {folder / PARTS / f"{at // BATCH:06d}.json": draws[at : at + BATCH]
               for at in draws[::BATCH]}  # fmt: skip
    if not resume:
        clear_parts(folder)
    done = _read_parts(design, folder, batches) if resume else {}
    left, begun = [path for path in batches if path not in done], time.monotonic()
    wanted = [batches[path] for path in left]
    for count, (at, found) in enumerate(gather(executor, solve_batch, today, wanted), 1):
        done[left[at]] = found
        write_whole(left[at], pack_draws(design, found), known=lambda _: True)
        minutes = math.ceil((time.monotonic() - begun) / count * (len(left) - count) / 60)
        told, drawn = say("{count} of {draws} draws, {minutes} min left"), map(len, done.values())
        tell(told.format(count=sum(drawn), draws=len(draws), minutes=minutes))
    return [draw for path in batches for draw in done[path]]


def _read_parts(design: Design, folder: Path, batches: dict[Path, range]) -> dict[Path, list[Draw]]:
    """Read the batches that are there, one by one; where none is, of all draws in one file."""
    done = {path: _read_draws(design, path) for path in batches if path.exists()}
    if not done and (whole := folder / DRAWN.name).exists():
        every = _read_draws(design, whole)
        done = {path: every[draws.start : draws.stop] for path, draws in batches.items()}
    return done


def clear_parts(folder: Path) -> None:
    """Take the batches of an ensemble away, and nothing that is not one."""
    place = folder / PARTS
    for path in sorted(place.glob("*.json")):
        with suppress(RaastofError, OSError):
            if DRAWN.judge(read_file(path, most_bytes=DRAWN.most_bytes).get("format")) != "foreign":
                path.unlink()
    if place.is_dir() and not any(place.iterdir()):
        place.rmdir()


def list_factors(scenario: Scenario) -> list[Lever]:
    """List what is drawn: every range that a scenario states; `InputError` where it states none."""
    if not (factors := list_declared(scenario)):
        raise InputError.saying_text("ensemble", "nothing drawn")
    return factors


def draw_levels(factors: Sequence[Lever], *, draws: int, seed: int) -> Floats:
    """Draw a level of each factor: a Latin hypercube, in which a group is one factor.

    Each of as many equally likely parts of a range holds one draw. Returns [draws x factors], the
    same for the same factors, number of draws and seed, whatever else a scenario says.
    """
    groups = [_group(factor) or at for at, factor in enumerate(factors)]
    names = [*dict.fromkeys(groups)]
    from scipy.stats import qmc  # it takes as long to import as all else of SciPy

    cube = qmc.LatinHypercube(len(names), rng=np.random.default_rng(seed)).random(draws)
    drawn = [(factor, names.index(one)) for factor, one in zip(factors, groups, strict=True)]
    return np.column_stack([_spread(factor, cube[:, at]) for factor, at in drawn])


def tell_draw(factor: Lever) -> Readable:
    """Say how a factor is drawn, and with which others."""
    said = factor.assumption
    way = say_text("ensemble", said.distribution if said else "triangular")
    group = _group(factor)
    return say_text("ensemble", "in a group", way=way, group=group) if group else way


def _group(factor: Lever) -> str:
    return factor.assumption.group if factor.assumption else ""


def _spread(factor: Lever, uniform: Floats) -> Floats:
    """Turn numbers between 0 and 1 into levels that are as likely as the factor says."""
    said, subject = factor.assumption, factor.subject
    if said is not None and said.distribution == "discrete":
        heaped = np.cumsum(said.weights or np.ones(len(said.values)))
        return np.array(said.values)[np.searchsorted(heaped / heaped[-1], uniform, side="right")]
    value = subject.levels[0] if subject.value is None else subject.value
    low, high = min(value, *subject.levels), max(value, *subject.levels)
    if said is not None and said.distribution == "uniform":
        return low + uniform * (high - low)
    rising = low + np.sqrt(uniform * (high - low) * (value - low))
    falling = high - np.sqrt((1 - uniform) * (high - low) * (high - value))
    return np.where(uniform < (value - low) / (high - low), rising, falling)
