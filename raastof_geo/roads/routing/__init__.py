"""On the network: the best ways between places."""
