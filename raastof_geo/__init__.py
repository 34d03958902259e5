"""Match surplus with need across construction projects, on real roads, with the least emissions."""

__version__ = "0.1.0"
