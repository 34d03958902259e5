"""Look at the Word file that a scenario wants its report in, before anything is solved."""

import re
import zipfile
from pathlib import Path

from raastof_geo.errors import InputError, refusing

_MOST_MB = 20
_KIND = "wordprocessingml.document.main+xml"
"""What Word calls a document without macros, which is no template of its own kind (`.dotx`)."""
_TYPES, _READ = "[Content_Types].xml", ("word/document.xml", "word/styles.xml", "_rels/.rels")
_PAGE = re.compile(rb"sectPr[^<]*>\s*</(\w+:)?body>")
"""The last section of a document, which says its page."""


def check_template(file: Path) -> None:
    """Look at the file of `report.template`, or raise an `InputError`: it is none."""
    told = {"file": f"`{file.name}`"}
    with refusing("files beside", "no word", **told), zipfile.ZipFile(file) as package:
        if sum(one.file_size for one in package.infolist()) > _MOST_MB * 1_000_000:
            raise InputError.saying_text("files beside", "large", **told, most=_MOST_MB)
        if _KIND not in package.read(_TYPES).decode("utf-8", "replace"):
            raise InputError.saying_text("files beside", "no word", **told)
        document, *_ = [package.read(part) for part in _READ]  # whole, or its sum is wrong
        if not _PAGE.search(document):
            raise InputError.saying_text("files beside", "no page", **told)
