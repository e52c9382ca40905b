"""Many hosts: the inventory, and the choice of hosts from it."""
