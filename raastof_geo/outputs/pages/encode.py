"""Write lines and numbers as short text that `core.js` reads."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
import shapely


def encode_numbers(values: Iterable[int]) -> str:
    """Write whole numbers, each as its step from the one before, for `readNumbers` in `core.js`.

    Zigzag so that signs are small numbers, five bits a letter, the lowest first; letters from `?`
    on, none of which ends a script.
    Source: developers.google.com/maps/documentation/utilities/polylinealgorithm.
    """
    text, before = [], 0
    for now in values:
        value = (now - before) << 1
        before = now
        value = ~value if value < 0 else value
        while value >= 0x20:
            text.append(chr((0x20 | (value & 0x1F)) + 63))
            value >>= 5
        text.append(chr(value + 63))
    return "".join(text)


def encode_line(points: Any, tolerance_deg: float, *, decimals: int = 4) -> str:
    """Simplify a line of lon and lat [degrees, points × 2]; write it for `readLine` in `core.js`.

    The drawn line lies within `tolerance_deg` of the points; a second of latitude is 31 m. Of a
    degree 4 `decimals` are about 10 m, and 5 about 1 m. All latitudes, a blank, all longitudes;
    empty where there is no line.
    """
    if len(points) < 2:
        return ""
    line = shapely.simplify(shapely.LineString(points), tolerance_deg)
    steps = np.round(shapely.get_coordinates(line) * 10**decimals).astype(np.int64)
    lon, lat = steps[np.any(np.diff(steps, axis=0, prepend=steps[:1] - 1) != 0, axis=1)].T.tolist()
    return f"{encode_numbers(lat)} {encode_numbers(lon)}" if len(lat) > 1 else ""


def pack(table: pd.DataFrame) -> dict[str, Any]:
    """Put a table into plain values that say what they are: `columns` and `rows`, for `readTable`.

    A name stands in the page once, and no script counts cells.
    """
    return {"columns": list(table), "rows": table.to_numpy(object).tolist()}
