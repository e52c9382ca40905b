"""Bytes, registry values and XML from Windows to the model; pure functions."""
