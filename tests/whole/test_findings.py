"""What a newcomer, a planner and a project owner met, each with the tests that keep it mended.

The findings of the review of November 2026 (at bc9e42a), by their numbers there.
"""

import ast
import pytest
from places import ROOT

FINDINGS = {
    "1 the calendar on a phone": {
        "outputs/test_project.py": ["test_no_word_is_broken_and_the_answer_is_one_sheet"]
    },
    "2 the crusher that silently never runs": {
        "scenario/test_prospects.py": [
            "test_check_run_and_summary_tell_of_the_crusher_that_never_runs",
            "test_no_plan_tells_of_the_crusher_too",
        ],
        "assignment/test_telling.py": ["test_an_impossible_leg_is_not_as_good"],
    },
    "3 two figures for one thing": {
        "outputs/test_report.py": ["test_loads_and_savings_are_the_same_in_report_and_summary"]
    },
    "4 the map prints last": {
        "outputs/test_map_browser.py": ["test_paper_is_one_landscape_page_with_the_whole_plan"]
    },
    "5 colours repeat": {
        "outputs/test_map_palette.py": [
            "test_fourteen_secondary_materials_are_told_apart",
            "test_no_two_are_alike_however_many",
        ]
    },
    "6 flows are stacked": {
        "outputs/test_map_browser.py": [
            "test_clean_material_is_a_hue_and_no_lane_mixes_colours",
            "test_both_directions_of_a_road_are_lanes_of_their_own",
        ]
    },
    "7 the difference has no legend": {
        "outputs/test_map_browser.py": ["test_the_legend_is_seen_and_follows_the_view"]
    },
    "8 the panel covers the site": {
        "outputs/test_map_browser.py": [
            "test_a_site_that_is_chosen_is_not_covered",
            "test_rows_about_a_site_can_be_told_apart",
        ]
    },
    "9 the Word file looks raw": {
        "outputs/test_report.py": [
            "test_the_word_document_holds_the_same_words",
            "test_the_contents_tell_where_sections_begin",
        ]
    },
    "10 the length": {
        "outputs/test_report.py": [
            "test_the_report_is_a_few_screens_with_short_heads",
            "test_the_report_prints_on_four_to_six_pages",
            "test_the_report_is_for_people_and_the_appendix_for_checkers",
            "test_the_appendix_has_short_heads_and_fits",
        ]
    },
    "11 what is called binding does not bind": {
        "assignment/test_telling.py": [
            "test_a_target_held_down_by_a_small_crusher",
            "test_an_agreement_that_is_larger_than_all_surplus",
        ]
    },
    "12 nonsense in the diagnosis": {
        "assignment/test_telling.py": [
            "test_residue_without_a_receiver_is_the_reason",
            "test_a_receiver_without_the_soil",
            "test_a_need_that_one_pit_cannot_meet",
        ]
    },
    "13 nowhere lists uses or recipes": {
        "whole/test_desk.py": ["test_materials_lists_what_a_scenario_may_name"]
    },
    "14 Danish words never help": {
        "scenario/test_reading.py": [
            "test_danish_words_are_taken_or_answered",
            "test_danish_keys_get_the_english_one",
        ],
        "whole/test_desk.py": ["test_names_of_either_language_are_taken"],
    },
    "15 at zoom the map is blank": {
        "outputs/test_map_browser.py": ["test_the_base_has_land_towns_and_roads_at_every_zoom"]
    },
    "16 town and site labels": {
        "outputs/test_map_browser.py": ["test_no_name_lies_on_another_or_under_a_marker"],
        "outputs/test_report.py": ["test_names_on_the_map_stand_free_of_each_other_and_whole"],
    },
    "17 Excel in Denmark": {
        "outputs/test_workbook.py": [
            "test_every_sheet_is_set_up_for_paper",
            "test_numbers_and_days_are_written_as_in_the_language",
        ]
    },
    "18 false alarm in the first summary": {
        "outputs/test_report.py": ["test_people_are_not_alarmed_by_what_only_checkers_can_use"]
    },
    "19 receivers count as landfill": {
        "outputs/test_report.py": ["test_nothing_counts_as_landfill_that_does_not_say_so"]
    },
    "20 run does not repeat the warnings of check": {
        "whole/test_desk.py": ["test_run_repeats_the_warnings_of_check"],
        "roads/test_islands.py": ["test_a_site_that_only_a_ferry_reaches_is_told"],
    },
    "21 not every mistake at once": {
        "roads/test_islands.py": [
            "test_a_site_off_the_roads_is_told_with_the_other_mistakes",
            "test_a_site_off_the_roads_has_its_place_and_fitting_advice",
        ]
    },
}


def test_there_are_twenty_one():
    """None is left out, and none is there twice."""
    assert [int(one.split()[0]) for one in FINDINGS] == list(range(1, 22))


@pytest.mark.parametrize("finding", FINDINGS)
def test_a_finding_has_its_tests(finding):
    """They are there by their names."""
    for file, names in FINDINGS[finding].items():
        tree = ast.parse((ROOT / "tests" / file).read_text(encoding="utf-8"))
        known = {one.name for one in ast.walk(tree) if isinstance(one, ast.FunctionDef)}
        assert set(names) <= known
