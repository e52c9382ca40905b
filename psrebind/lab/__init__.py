"""Simulated Windows hosts on this machine: real WSMan servers beside the stack, for a first try,
rehearsals and tests.

May import anything of psrebind below `cli`; nothing but `cli` and the tests may import it.
"""
