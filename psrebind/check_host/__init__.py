"""What `psrebind check-host` does: ask a real Windows what the lab only assumes.

Nothing of the lab is used here: the questions are handed in by who starts a check.
"""
