"""Simulated Windows hosts on this machine, over real WSMan servers: for a first try, rehearsals and
tests.
"""
