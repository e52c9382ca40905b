"""How a script reaches one host: over WinRM, or on this machine."""
