"""What was found out as frames and layers, keyed by labels, with units in their names."""
