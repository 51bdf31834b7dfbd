"""Faults that a child of hostile_server.py takes upon itself before it runs a command."""

from __future__ import annotations

import os
import resource
import signal
