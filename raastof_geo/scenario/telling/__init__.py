"""How the catalogue speaks: of each entry, and of what may serve what."""
