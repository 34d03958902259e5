"""OpenStreetMap, and only here: reading, downloading, snapping, routing."""
