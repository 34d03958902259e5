"""The least of a programme, and the proof of it; the only room that knows a solver."""
