"""An inventory: the hosts and groups that a file of any of five forms has, and their variables."""
