"""The page of a project, its answer on one sheet; and its calendar, read strictly."""

from __future__ import annotations

import datetime
import json
import re
from types import SimpleNamespace
import pytest
from raastof_geo.language import format_number, speaking
from raastof_geo.outputs.documents.document import Fold, Heading
from raastof_geo.outputs.documents.project import (
    LEAD_WEEKS,
    build_project,
    file_name,
    find_own_sites,
    group_flows,
    list_projects,
    list_steps,
    list_transports,
    say_when,
    write_calendar,
)
from raastof_geo.pipeline import run_scenario
from raastof_geo.scenario.period import Period

A4_PX = (673, 986)
"""Inside the margins that the pages print with, at 96 to an inch."""
QUARTERS = "periods: [2027-Q1, 2027-Q2, 2027-Q3, 2027-Q4, 2028-Q1]"
HOSTILE = "x;y,z\\n\\ BEGIN:VEVENT\nEND:VCALENDAR \u202e 🚧" + "æ" * 200


def folded(text):
    """Give the names of properties with their values, as RFC 5545 reads lines."""
    assert text.endswith("\r\n")
    lines = text[:-2].split("\r\n")
    assert all(len(line.encode()) <= 75 for line in lines)
    assert not any("\n" in line or "\r" in line or not line for line in lines)
    whole = []
    for line in lines:
        if line.startswith(" "):
            whole[-1] += line[1:]
        else:
            whole.append(line)
    return [re.fullmatch(r"([A-Z-]+(?:;[A-Z]+=[A-Z]+)?):(.*)", line).groups() for line in whole]


def spoken(value):
    """Read a TEXT: only what the format lets be escaped is, and nothing is left bare."""
    assert re.fullmatch(r"(?:[^\\;,\x00-\x08\x0a-\x1f\x7f]|\\[\\;,nN])*", value), value
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] in "nN" else found[1], value)


def read_events(path):
    """Read a calendar, which must be one, with every property where and as often as it may be."""
    properties = folded(path.read_bytes().decode("utf-8"))
    assert properties[0] == ("BEGIN", "VCALENDAR")
    assert properties[-1] == ("END", "VCALENDAR")
    head = dict(properties[1:5])
    assert head["VERSION"] == "2.0"
    assert head.keys() == {"VERSION", "PRODID", "CALSCALE", "X-WR-CALNAME"}
    body, events = properties[5:-1], []
    while body:
        end = body.index(("END", "VEVENT"))
        assert body[0] == ("BEGIN", "VEVENT")
        names = [name for name, _ in body[1:end]]
        assert len(names) == len({*names})
        assert {"UID", "DTSTAMP", "DTSTART;VALUE=DATE", "DTEND;VALUE=DATE", "SUMMARY"} <= {*names}
        event = dict(body[1:end])
        assert re.fullmatch(r"\d{8}T\d{6}Z", event["DTSTAMP"])
        for name in ("SUMMARY", "DESCRIPTION", "LOCATION"):
            event[name] = spoken(event[name])
        days = [
            datetime.datetime.strptime(event[f"{name};VALUE=DATE"], "%Y%m%d").date()
            for name in ("DTSTART", "DTEND")
        ]
        assert days[0] < days[1]
        events.append(event | {"days": tuple(days)})
        body = body[end + 1 :]
    assert events
    assert len({event["UID"] for event in events}) == len(events)
    return events


@pytest.fixture(scope="module")
def quarters(tmp_path_factory):
    """Soil that leaves a road in quarters, samples asked for, a condition that needs a permit."""
    folder = tmp_path_factory.mktemp("quarters")
    (folder / "q.yaml").write_text(SCENARIO, encoding="utf-8")
    return run_scenario(folder / "q.yaml", into=folder / "out")


SCENARIO = f"""
format: 3
title: "Vej, vold; og mere"
language: da
{QUARTERS}
vehicles: [tipper_4_axle]
outputs: [projects, index]
sites:
  vej:
    name: Vejen, del 1; syd
    lon: 12.10
    lat: 55.45
    land: road
    soil_mapping: road
    needs:
      - {{use: sub_base, amount: 9 000 t, from: 2027-Q2, to: 2027-Q3}}
    offers:
      - {{material: slightly_polluted_soil, amount: 6 000 t, from: 2027-Q2, to: 2027-Q2}}
      - {{material: clean_clay_soil, amount: 4 000 t, from: 2027-Q4, to: 2027-Q4}}
  vold:
    name: Støjvolden
    lon: 12.26
    lat: 55.59
    land: built_up
    needs:
      - {{use: noise_barrier, amount: 8 000 t, accepts: [permit_section_19_33]}}
  grav: {{lon: 12.15, lat: 55.633, pit: {{supplies: [sub_base_gravel, fill_sand]}}}}
  modtager:
    {{lon: 12.195, lat: 55.462, receiver: {{accepts: [clean_clay_soil, slightly_polluted_soil]}}}}
"""


def test_every_transport_is_an_event(road):
    """Of each partner, material and period the tonnes, the loads, and the days it is about."""
    result, folder = road
    scenario, flows = result.scenario, group_flows(result)
    for project in list_projects(result):
        own = flows[project]
        path = folder / "projects" / f"{file_name(project)}.ics"
        if not own:
            assert not path.exists()
            continue
        events = read_events(path)
        relations = {(one.origin, one.destination, one.material, one.period) for one in own}
        assert len(events) == len(relations)
        numbers = [
            re.search(r" ([\d.]+) t ", event["SUMMARY"])[1].replace(".", "") for event in events
        ]
        assert sum(map(float, numbers)) == pytest.approx(
            sum(one.tonnes for one in own), abs=0.5 * len(events)
        )
        spans = {
            (period.start, period.end + datetime.timedelta(days=1))
            for period in scenario.periods.values()
        }
        assert {event["days"] for event in events} <= spans
        names = {scenario.site_name(one) for flow in own for one in flow[:2]}
        for event in events:
            assert any(name in event["SUMMARY"] for name in names)
            within = event["SUMMARY"].startswith("Flyt ")
            assert within or re.search(r"\d læs, [\d.]+,\d pr\. hverdag", event["DESCRIPTION"])
            assert event["LOCATION"] in names


def test_a_calendar_is_the_same_bytes_again(road, tmp_path):
    """Nothing in it is of the moment; the other language has the same events in other words."""
    result, folder = road
    project = "havn"
    own = group_flows(result)[project]
    mine = find_own_sites(result.scenario, project)
    transports = list_transports(result.scenario, reversed(own), mine)
    written = (folder / "projects" / "havn.ics").read_bytes()
    name = result.scenario.site_name("havn")
    with speaking("da"):
        again = write_calendar(result, name, transports, tmp_path / "again.ics")
    assert again.read_bytes() == written
    with speaking("en"):
        other = write_calendar(result, name, transports, tmp_path / "other.ics")
    danish, english = read_events(again), read_events(other)
    assert [one["UID"] for one in danish] == [one["UID"] for one in english]
    assert all(one["SUMMARY"].startswith(("Modtag", "Aflever", "Flyt")) for one in danish)
    assert all(one["SUMMARY"].startswith(("Receive", "Deliver", "Move")) for one in english)


def test_hostile_names_end_no_event(tmp_path):
    """Names with breaks of lines, semicolons and long letters stay within their property."""
    text = SCENARIO.replace('"Vej, vold; og mere"', json.dumps(HOSTILE, ensure_ascii=False))
    text = text.replace("name: Støjvolden", f"name: {json.dumps(HOSTILE, ensure_ascii=False)}")
    (tmp_path / "q.yaml").write_text(text, encoding="utf-8")
    _, folder = run_scenario(tmp_path / "q.yaml", into=tmp_path / "out")
    kept = " ".join(HOSTILE.split())
    assert any(kept in event["SUMMARY"] for event in read_events(folder / "projects" / "vej.ics"))
    assert all(event["LOCATION"] == kept for event in read_events(folder / "projects" / "vold.ics"))


def test_the_page_and_the_index_lead_to_the_calendar(quarters):
    """Whoever opens a page, or the front door, finds the file."""
    folder = quarters[1]
    assert 'href="vej.ics"' in (folder / "projects" / "vej.html").read_text("utf-8")
    assert 'href="projects/vej.ics"' in (folder / "index.html").read_text("utf-8")
    assert "projects/vej.ics" in json.loads((folder / "manifest.json").read_text())["files"]


@pytest.mark.usefixtures("danish")
def test_deadlines_are_counted_from_the_first_load(quarters):
    """Samples by the ground's rule, weeks from the catalogue, a day that is so much before."""
    result = quarters[0]
    own, mine = group_flows(result)["vej"], {"vej"}
    told = [str(one) for one in list_steps(result, own, mine)]
    sent = sum(one.tonnes for one in own if one.material == "slightly_polluted_soil")
    weeks = result.scenario.catalogue.soil_samples.weeks.value
    day = datetime.date(2027, 4, 1) - datetime.timedelta(weeks=weeks)
    assert (sent, day) == (6000, datetime.date(2027, 3, 4))
    assert any("mindst 50 prøver" in one and "senest 4. mar. 2027" in one for one in told), told
    assert any("skøn" in one for one in told)
    others = [str(one) for one in list_steps(result, group_flows(result)["vold"], {"vold"})]
    start = datetime.date(2027, 4, 1) - datetime.timedelta(weeks=LEAD_WEEKS["permit_section_19_33"])
    assert start == datetime.date(2027, 1, 21)
    assert any(
        one.startswith("Søg senest 21. jan. 2027, 10 uger før 1. apr. 2027") for one in others
    ), others


@pytest.mark.usefixtures("danish")
def test_periods_in_a_row_are_told_as_one(quarters):
    """`2.–4. kvt. 2027`: never a period for each line."""
    scenario = quarters[0].scenario
    names = list(scenario.periods)
    assert say_when(scenario, names[:3]) == "1.–3. kvt. 2027"
    assert say_when(scenario, names[3:5]) == "4. kvt. 2027 – 1. kvt. 2028"
    assert say_when(scenario, {names[0], names[2]}) == "1. kvt. 2027, 3. kvt. 2027"
    assert say_when(scenario, names[1:2]) == "2. kvt. 2027"
    spans = {
        f"{first}-{last}": Period(id=f"{first}-{last}", start=f"{first}-01-01", end=f"{last}-12-31")
        for first, last in ((2016, 2021), (2022, 2027))
    }
    longer = SimpleNamespace(periods=spans)
    assert say_when(longer, [*spans]) == "2016–2027", "of spans of years the first and the last"


@pytest.mark.usefixtures("danish")
def test_a_project_reads_what_comes_and_goes_and_when(road):
    """First what it receives and delivers, in all and of whom; then the rest, folded."""
    result = road[0]
    flows = result.plan.flows
    project = result.scenario.project(flows.loc[flows["tonnes"].idxmax(), "destination"])
    page = build_project(result, project, others=(), own=group_flows(result)[project])
    mine = find_own_sites(result.scenario, project)
    comes = flows[flows["destination"].isin(mine) & ~flows["origin"].isin(mine)]
    heads = {one.anchor: str(one.text) for one in page.blocks if isinstance(one, Heading)}
    assert heads["comes"] == f"Du modtager {format_number(comes['tonnes'].sum())} t"
    order = [type(block) for block in page.blocks]
    assert order.index(Heading) < order.index(Fold)
    assert order.count(Fold) >= 4


def test_no_word_is_broken_and_the_answer_is_one_sheet(chromium, road, quarters):
    """Phone, screen and A4: no column of letters, nothing beside the screen, one sheet first."""
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for path in [
            *(road[1] / "projects").glob("*.html"),
            *(quarters[1] / "projects").glob("*.html"),
        ]:
            page = browser.new_page(viewport={"width": 390, "height": 844})
            page.goto(path.as_uri())
            page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
            assert page.evaluate("document.documentElement.scrollWidth") <= 390, path.name
            tallest = page.evaluate(
                "Math.max(...[...document.querySelectorAll('thead th')].map(a => a.offsetHeight))"
            )
            assert tallest <= 120, path.name
            page.set_viewport_size({"width": A4_PX[0], "height": A4_PX[1]})
            page.emulate_media(media="print")
            foot = page.evaluate(
                "document.querySelector('main > figure').getBoundingClientRect().bottom"
            )
            assert 0 < foot <= A4_PX[1], path.name
            page.close()
        browser.close()
