"""What a node of a cluster reports: changes of its state, and entries that it had to skip."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

__all__ = ["ClusterReport", "ClusterReportKind", "OnReport", "log_report"]

_logger = logging.getLogger("gatecast")


class ClusterReportKind(StrEnum):
    """What happened to a node."""

    FENCED = "fenced"
    """It closed its connections and admits nobody (CLU-3). Alert on it."""

    CATCHING_UP = "catching_up"
    """It lost the relay, and admits nobody until it has read what it missed (CLU-2)."""

    FOLLOWING = "following"
    """It knows all that was revoked, and admits connections."""

    LEFT = "left"
    """It was stopped, and closed what connections it had left."""

    SKIPPED = "skipped"
    """It could not act on an entry that was no revocation. Alert on it: nodes differ."""


@dataclass(frozen=True, slots=True)
class ClusterReport:
    """Something that whoever runs the node should know."""

    kind: ClusterReportKind
    detail: str


OnReport = Callable[[ClusterReport], object]
"""Told of every report. What it raises is logged."""

_LEVELS: Final = {
    ClusterReportKind.FENCED: logging.ERROR,
    ClusterReportKind.CATCHING_UP: logging.WARNING,
    ClusterReportKind.FOLLOWING: logging.INFO,
    ClusterReportKind.LEFT: logging.INFO,
    ClusterReportKind.SKIPPED: logging.ERROR,
}


def log_report(report: ClusterReport) -> None:
    """The default: the `gatecast` logger."""
    _logger.log(_LEVELS[report.kind], "cluster node %s: %s", report.kind, report.detail)
