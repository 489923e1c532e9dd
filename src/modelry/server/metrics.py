"""What Prometheus is told: requests by route, changes by outcome, and what is served."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """Counts of one server."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = ("method", "route", "status")
        self._requests = Counter("modelry_http_requests", "Requests answered.", labels, registry=self.registry)
        self._seconds = Histogram(
            "modelry_http_request_seconds",
            "Time to the last byte.",
            ("route",),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.changes = Counter(
            "modelry_catalogue_changes", "Upserts and deletes by outcome.", ("action",), registry=self.registry
        )
        self.models = Gauge("modelry_catalogue_models", "Models served.", registry=self.registry)
        self.ready = Gauge("modelry_ready", "1 where /api/ready says so.", registry=self.registry)
        self._at_hand: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def saw(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answer. Routes are templates and methods few: no client can make a new series."""
        key = (method if method in _METHODS else "other", route, status)
        found = self._at_hand.get(key)
        if found is None:
            found = self._at_hand[key] = self._requests.labels(*map(str, key)), self._seconds.labels(route)
        found[0].inc()
        found[1].observe(seconds)

    def text(self) -> bytes:
        """Everything in the text format."""
        return generate_latest(self.registry)


_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
