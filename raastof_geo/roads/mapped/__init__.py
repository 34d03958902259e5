"""From OpenStreetMap to a network: what ways, tags and restrictions mean to a truck."""
