"""Numbers of the catalogue, each with its unit and its source."""
