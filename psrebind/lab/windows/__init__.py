"""The simulated Windows: everything that is true of one host, and the commands that ask it."""
