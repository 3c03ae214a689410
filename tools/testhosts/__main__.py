"""Runs the tool as `python3 tools/testhosts`, where Python puts this directory and not its parent on the path."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parent.parent)

from testhosts.cli import main  # noqa: E402

sys.exit(main())
