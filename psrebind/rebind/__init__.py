"""Observe a host, plan pure, apply, verify by handshake. Is given a session; opens none itself."""
