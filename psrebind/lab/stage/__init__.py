"""The lab as a whole: its hosts, renewals, breakage and status, and the process it runs in."""
