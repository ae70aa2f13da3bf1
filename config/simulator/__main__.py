"""``python -m config.simulator PORT``: serves until told to stop; needs neither Django nor rows."""

import sys

from config.simulator.serving import serve

serve(int(sys.argv[1]))
