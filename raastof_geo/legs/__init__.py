"""Roads priced for trucks: what each transport that could make sense comes to."""
