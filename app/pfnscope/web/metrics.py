"""Numbers about the server for Prometheus: how much, how long, how often refused. Nothing about what was sent."""

import os
from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from pfnscope.service.layouts import Layouts, StoreUnavailable

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SHARED = "PROMETHEUS_MULTIPROC_DIR"
"""The library's variable: a folder in which several processes of one server keep their numbers."""

_SECONDS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)


class Metrics:
    """The numbers of one server; with several processes, of all of them."""

    def __init__(self, layouts: Layouts, busy: Callable[[], int]) -> None:
        own = CollectorRegistry()
        self.requests = Counter("pfnscope_requests", "Requests", ["method", "route", "status"], registry=own)
        self.seconds = Histogram(
            "pfnscope_request_seconds", "Time to answer", ["route"], registry=own, buckets=_SECONDS
        )
        self.refusals = Counter("pfnscope_refusals", "Requests refused, by reason", ["reason"], registry=own)
        self.analyses = Histogram(
            "pfnscope_analysis_seconds", "Work on texts, without waiting for a place", ["place"], registry=own,
            buckets=_SECONDS,
        )  # fmt: skip
        self.layouts = Counter("pfnscope_layouts", "Layouts stored, deleted and expired", ["event"], registry=own)
        self.alone = Counter(
            "pfnscope_rate_counted_alone", "Texts counted by one process, for want of shared counters", registry=own
        )
        self.purges_failed = Counter(
            "pfnscope_purges_failed", "Rounds of forgetting expired layouts that ended with an error", registry=own
        )
        self.last_purge = Gauge(
            "pfnscope_last_purge_timestamp_seconds", "When expired layouts were last forgotten, since 1970 UTC",
            registry=own, multiprocess_mode="max",
        )  # fmt: skip
        self._busy = Gauge("pfnscope_analyses_running", "Analyses at work", registry=own, multiprocess_mode="livesum")
        self._count = busy
        self._shown = own
        if SHARED in os.environ:
            self._shown = CollectorRegistry()
            MultiProcessCollector(self._shown)  # type: ignore[no-untyped-call]
        self._shown.register(_Storage(layouts))

    def text(self) -> bytes:
        """All numbers as Prometheus reads them. Blocks: the storage is asked."""
        self._busy.set(self._count())
        return generate_latest(self._shown)


class _Storage(Collector):
    def __init__(self, layouts: Layouts) -> None:
        self._layouts = layouts

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """The names, without asking the storage."""
        yield GaugeMetricFamily("pfnscope_storage_up", "Whether the storage answers")
        yield GaugeMetricFamily("pfnscope_layouts_stored", "Layouts in the storage")

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The numbers of now."""
        up, stored = self.describe()
        try:
            stored.add_metric([], self._layouts.count())
            up.add_metric([], 1)
        except StoreUnavailable:
            up.add_metric([], 0)
        yield up
        yield stored
