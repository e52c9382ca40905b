"""The engine without PowerShell."""
