"""Senders of others, unmodified, against a real server: the exporter of OpenTelemetry's SDK, LangSmith's client."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable

import pytest

from auditlog_cli.queries import read
from tests.serving.conftest import Process

pytestmark = pytest.mark.slow


def script(code: str, **environment: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=300, env=os.environ | environment
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_opentelemetry_in_protobuf(run: Callable[..., Process]) -> None:
    """Two nested spans, gzipped, by the batch processor: two records, one below the other."""
    pytest.importorskip(
        "opentelemetry.exporter.otlp.proto.http", reason="pip install opentelemetry-sdk opentelemetry-exporter-otlp-proto-http"
    )  # fmt: skip
    server = run()
    code = """
        from opentelemetry.exporter.otlp.proto.http import Compression
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        provider = TracerProvider()
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(compression=Compression.Gzip)))
        tracer = provider.get_tracer("test")
        with tracer.start_as_current_span("invoke_agent a", attributes={"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "a"}):
            with tracer.start_as_current_span("execute_tool t", attributes={"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "t"}):
                pass
        assert provider.force_flush()
        provider.shutdown()
    """
    script(code, OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{server.port}")
    assert server.stop() == 0
    tool, agent = [record.content for record in read(server.log) if not record.is_own]
    assert tool["action"]["tool"] == "t"  # type: ignore[index]
    assert tool["parent_span_id"] == agent["span_id"]


def test_langsmith_posts_and_patches(run: Callable[..., Process]) -> None:
    """A traced function that calls another: each run begins or ends in the log, children below their parents."""
    pytest.importorskip("langsmith", reason="pip install langsmith==0.15.0")
    server = run()
    code = """
        import langsmith
        client = langsmith.Client()
        @langsmith.traceable(run_type="tool", client=client)
        def lookup(order): return f"order {order}"
        @langsmith.traceable(run_type="chain", client=client)
        def planner(question): return lookup(42)
        planner("where?")
        client.flush()
    """
    script(
        code, LANGSMITH_ENDPOINT=f"http://127.0.0.1:{server.port}", LANGSMITH_API_KEY="x", LANGSMITH_TRACING="true",
        LANGSMITH_PROJECT="p",
    )  # fmt: skip
    assert server.stop() == 0
    records = [record.content for record in read(server.log) if not record.is_own]
    tools = [record for record in records if record["action"].get("tool") == "lookup"]  # type: ignore[attr-defined]
    assert tools
    assert tools[-1]["action"]["result"] == "order 42"  # type: ignore[index]
    spans = {record["span_id"] for record in records}
    assert len(spans) == 2
    assert tools[-1]["parent_span_id"] in spans
