"""Pages with a map: one file each, no other host."""
