"""What figures there are, and numbers of the catalogue with their unit and source."""
