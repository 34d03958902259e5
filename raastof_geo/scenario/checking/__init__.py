"""What a scenario asks for that cannot be, found before anything is solved."""
