"""Tests of isolate.py, which take milliseconds and reach no tenant: pytest test_isolate.py"""

from __future__ import annotations

from isolate import main

from settled.simulator import Simulator
from settled.testing import VirtualClock
