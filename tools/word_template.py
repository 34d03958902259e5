"""Make `raastof_geo/data/report.docx`, the template that reports for Word are written on.

Its styles and its page are what python-docx brings, in our letters and on A4; words, numbers of
pages and the language come with each report, as they do on a template of a scenario's own.

    python tools/word_template.py
"""

import datetime
import sys
from pathlib import Path
import docx
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

sys.path.insert(0, str(Path(__file__).parents[1]))
from raastof_geo.outputs.documents.word import write_docx

INTO = Path(__file__).parents[1] / "raastof_geo" / "data" / "report.docx"
SIZES_PT = {"Normal": 10.5, "Title": 20, "Heading 1": 15, "Heading 2": 12, "Caption": 9}
INK = RGBColor.from_string("1C2630")


def main() -> None:
    """Write it anew; the same bytes each time."""
    file = docx.Document()
    section = file.sections[0]
    section.page_width, section.page_height = Cm(21.0), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.25)
    section.top_margin = section.bottom_margin = Cm(2.0)
    for name, size in SIZES_PT.items():
        style = file.styles[name]
        for mark in [*style.element.iter(qn("w:rFonts"), qn("w:pBdr"))]:
            mark.getparent().remove(mark)
        style.font.name, style.font.size = "Calibri", Pt(size)
        style.font.color.rgb = INK
        style.paragraph_format.space_after = Pt(4)
    file.styles["Heading 1"].paragraph_format.space_before = Pt(14)
    properties = file.core_properties
    properties.created = properties.modified = datetime.datetime(2026, 1, 1)
    properties.author = properties.last_modified_by = "raastof_geo"
    properties.comments = ""
    write_docx(file, INTO)


if __name__ == "__main__":
    main()
