"""Where all of it lies: areas, coast and towns of a region, and its metres."""
