"""Logs and metrics. Neither ever carries a code, a quantity, a partner or a secret."""

from __future__ import annotations

import logging
import sys
import traceback
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from node_gateway.settings import LogSection

_BUCKETS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.3, 1, 3, 10)


class Metrics:
    """Every metric of one gateway, in a registry of its own."""

    def __init__(self, version: str) -> None:
        self.registry = CollectorRegistry()
        self.events = Counter(
            "sealtrail_events_captured",
            "Events by what became of them",
            ("result",),
            registry=self.registry,
        )
        self.requests = Histogram(
            "sealtrail_http_request_duration_seconds",
            "Time from request to answer",
            ("route", "method", "status"),
            buckets=_BUCKETS_S,
            registry=self.registry,
        )
        self.batches = Counter(
            "sealtrail_batches", "Batches made", ("kind",), registry=self.registry
        )
        self.alarms = Counter(
            "sealtrail_alarms", "Alarms by code", ("code",), registry=self.registry
        )
        self.findings = Counter(
            "sealtrail_findings", "Findings of state rules", ("rule",), registry=self.registry
        )
        self.deliveries = Counter(
            "sealtrail_deliveries",
            "Tries to deliver to subscriptions, by what became of them",
            ("result",),
            registry=self.registry,
        )
        self.pending_events = Gauge(
            "sealtrail_anchor_pending_events",
            "Events that are in no batch yet",
            registry=self.registry,
        )
        self.pending_anchors = Gauge(
            "sealtrail_anchor_pending_anchors",
            "Batches that are not final yet",
            registry=self.registry,
        )
        self.lag = Gauge(
            "sealtrail_anchor_lag_seconds",
            "Age of the oldest batch that is not final",
            registry=self.registry,
        )
        self.state = Gauge(
            "sealtrail_state",
            "1 for the state that the gateway is in",
            ("state",),
            registry=self.registry,
        )
        Gauge("sealtrail_build_info", "Version", ("version",), registry=self.registry).labels(
            version
        ).set(1)
        self.peers_stuck = Gauge(
            "sealtrail_peers_stuck",
            "Participants that did not answer a message for longer than peers.stuck_s",
            registry=self.registry,
        )
        self._add_others()

    def _add_others(self) -> None:
        self.webhooks = Counter(
            "sealtrail_webhook_deliveries",
            "Tries to tell webhooks, by what became of them",
            ("result",),
            registry=self.registry,
        )
        self.chain_lag = Gauge(
            "sealtrail_chain_lag_blocks",
            "Blocks that the chain endpoint has and the directory does not",
            registry=self.registry,
        )
        self.chain_age = Gauge(
            "sealtrail_chain_age_seconds",
            "Time since the directory was last seen to be as new as the chain",
            registry=self.registry,
        )
        self.reorgs = Counter(
            "sealtrail_chain_reorgs", "Reorgs that took blocks away", registry=self.registry
        )
        self.notices = Gauge(
            "sealtrail_notices_standing",
            "Recall notices that stand, real ones and exercises",
            ("kind",),
            registry=self.registry,
        )
        self.notices_here = Gauge(
            "sealtrail_notices_here",
            "Real ones about products of which codes are known here",
            registry=self.registry,
        )


def without_values(error: BaseException) -> dict[str, Any]:
    """Return what may be logged of an error that was not foreseen: its kind and its way.

    Not its message: a KeyError, say, is a piece of whatever was being worked on.
    """
    frames = traceback.extract_tb(error.__traceback__)
    return {
        "error": f"{type(error).__module__}.{type(error).__qualname__}",
        "code": getattr(error, "code", "internal"),
        "way": [f"{one.filename}:{one.lineno} {one.name}" for one in frames],
    }


def configure_logs(section: LogSection) -> None:
    """Set up structured logging on stderr; called once by the process that serves."""
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
        if section.form == "console"
        else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="ts"),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(section.level),
        # Looked up each time: whoever replaces or closes stderr must not end the worker.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
