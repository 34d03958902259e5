"""The file of a network: columns by name, small and checked."""
