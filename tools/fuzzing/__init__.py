"""What `tools/fuzz.py` feeds the programme, and how it watches what becomes of it."""
