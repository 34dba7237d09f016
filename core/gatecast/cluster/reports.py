"""The reports of a node: changes of its state, and entries that it skipped."""

from __future__ import annotations

import logging
from typing import Final

from gatecast.ports.observer import ClusterReport, ClusterReportKind

__all__ = ["log_report"]

_logger = logging.getLogger("gatecast")

_LEVELS: Final = {
    ClusterReportKind.FENCED: logging.ERROR,
    ClusterReportKind.CATCHING_UP: logging.WARNING,
    ClusterReportKind.FOLLOWING: logging.INFO,
    ClusterReportKind.LEFT: logging.INFO,
    ClusterReportKind.SKIPPED: logging.ERROR,
}


def log_report(report: ClusterReport) -> None:
    """The default `on_report`: write to the logger `gatecast`."""
    _logger.log(_LEVELS[report.kind], "cluster node %s: %s", report.kind, report.detail)
