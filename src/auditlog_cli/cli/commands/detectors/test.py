"""`auditlog detectors test`."""
# ruff: noqa: PT028 - a command, no test

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.cli import options as o


def test(
    text: o.SampleText = None,
    key: o.MemberName = "",
    entities: o.DetectedEntities = None,
    min_confidence: o.LeastConfidence = "possible",
    own: o.DetectorFile = None,
    format: o.ListFormat = "text",  # noqa: A002
) -> int:
    """Prove the detectors by their own samples; or tell what a text would give.

    Without TEXT every detector must find its samples and pass over its near misses; those of --detectors FILE, too.
    With TEXT, or - for the lines of standard input: where something would be found, what, and how sure. The values
    are never shown. Exit code: 0; 1 if a sample fails, or if TEXT holds something.

    Examples:
      auditlog detectors test
      auditlog detectors test --detectors acme.yaml
      auditlog detectors test --detectors auditlog.policy.yaml
      auditlog detectors test "card 4111 1111 1111 1111"
      auditlog detectors test 111000025 --key routing_number
      git diff | auditlog detectors test - --entities SECRET --min-confidence likely
    """
    from auditlog_cli.cli import detecting

    if text is None:
        return detecting.prove(own, entities, format)
    return detecting.try_text(text, key, entities, min_confidence, own, format)
