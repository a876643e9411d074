"""The noun that judges hand to renderers."""

from __future__ import annotations

from auditlog_cli.finding import SEVERITIES, Where, fingerprint, level


def test_fingerprints_are_those_of_the_specification() -> None:
    """compliance.md, 7.4, the two examples."""
    assert fingerprint("GDPR-5-1-C-01", ["rec_01"], "/action/arguments/iban", entity="IBAN_CODE") == (
        "sha256:d2deb6646b2fcd4006baf0ff904b063104b02f29f6b0d51b5b6509717a1f7875"
    )
    assert fingerprint("LIB-BEH-02", ["rec_07", "rec_03"], "/action/result_status", group=("s1",)) == (
        "sha256:a7a3d0247142287f185f3f19f727958fa9b247cec1b25a1a3992f01e78cc314a"
    )


def test_every_severity_has_a_level() -> None:
    assert [level(severity) for severity in SEVERITIES] == ["error", "error", "warning", "note", "note"]


def test_a_place_is_written_as_editors_take_it() -> None:
    assert str(Where("a.jsonl", 17, 9312)) == "a.jsonl:17"
    assert str(Where("a.jsonl", 0, 9312)) == "a.jsonl@9312"
