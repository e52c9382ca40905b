"""``python -m psrebind`` is the command ``psrebind``."""

from __future__ import annotations

import sys

from psrebind.cli import main

sys.exit(main())
