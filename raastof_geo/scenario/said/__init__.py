"""What the user says: the frozen types behind a scenario file, as they stand in it."""
