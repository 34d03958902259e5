"""Layers for a GIS, with their styles and what each column means."""
