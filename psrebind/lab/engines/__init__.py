"""What answers a host's scripts: a real PowerShell, or the model in Python."""
