"""An inventory: hosts, groups and their variables, from a file in one of five forms."""
