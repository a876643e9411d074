"""A section of a page is replaced by what was measured; the others keep their figures and their dates."""

from __future__ import annotations

import datetime
from pathlib import Path

import page
import pytest
import run
from tables import Bench, NotRun, Runs, Table, timed

ROOT = Path(__file__).parents[2]
ORDER = ["startup", "check", "redact"]
OLD = f"""# Performance

Said by hand.

{page.BEGIN}

<!-- table: startup -->
Measured 2025-01-01 on an old machine

| old |

<!-- table: redact -->
Measured 2025-02-02 on another

| older |

{page.END}

After it.
"""


def table(*seconds: float, rounds: int = 1) -> Table:
    runs = Runs(["auditlog"], rounds)
    for each in seconds:
        runs.add("auditlog", seconds=each, peak=8.0)
    return timed("A title", runs, "auditlog")


def section(*seconds: float, rounds: int = 1) -> str:
    return page.section(datetime.date(2026, 11, 21), "on this machine", [table(*seconds, rounds=rounds)])


def test_a_section_begins_with_its_date_and_what_it_was_measured_with() -> None:
    assert section(1.0).startswith("Measured 2026-11-21 on this machine\n\n### A title\n")


def test_a_section_with_a_row_that_was_not_run_is_not_made() -> None:
    with pytest.raises(NotRun):
        section()
    with pytest.raises(page.PageError):
        page.section(datetime.date(2026, 11, 21), "on this machine", [])


def test_a_measured_section_replaces_its_own_and_leaves_the_others_with_their_dates() -> None:
    made = page.replaced(OLD, "startup", section(1.0), ORDER)
    found = page.sections(made)
    assert found["startup"] == section(1.0)
    assert found["redact"] == page.sections(OLD)["redact"]
    assert made.partition(page.BEGIN)[0] == OLD.partition(page.BEGIN)[0]
    assert made.partition(page.END)[2] == OLD.partition(page.END)[2]


def test_a_new_section_stands_where_the_order_wants_it() -> None:
    assert list(page.sections(page.replaced(OLD, "check", section(1.0), ORDER))) == ORDER


def test_writing_what_stands_there_changes_nothing() -> None:
    assert page.replaced(OLD, "redact", page.sections(OLD)["redact"], ORDER) == OLD


@pytest.mark.parametrize(
    "broken",
    [
        OLD.replace(page.END, ""),
        OLD.replace(page.BEGIN, ""),
        OLD + page.END,
        OLD.replace(page.BEGIN, page.END, 1).replace(f"\n\n{page.END}\n\nAfter", f"\n\n{page.BEGIN}\n\nAfter"),
        OLD.replace("<!-- table: startup -->\n", ""),
        OLD.replace("table: redact", "table: startup"),
        OLD.replace("Measured 2025-02-02 on another\n", ""),
        OLD.replace("table: redact", "table: unknown"),
    ],
    ids=["no end", "no begin", "two ends", "the wrong way round", "no mark", "twice", "no date", "unknown"],
)
def test_a_page_whose_marks_are_not_in_order_is_refused_and_left_alone(broken: str, tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text(broken)
    with pytest.raises(page.PageError):
        page.check(broken, ORDER)
    with pytest.raises(page.PageError):
        page.write(path, "check", section(1.0), ORDER)
    assert path.read_text() == broken
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("text", ["| no date |", f"{section(1.0)}\n{page.END}", f"{section(1.0)}\n<!-- table: a -->"])
def test_a_text_without_a_date_or_with_marks_is_refused(text: str) -> None:
    with pytest.raises(page.PageError):
        page.replaced(OLD, "startup", text, ORDER)


def test_a_name_that_no_table_has_is_refused() -> None:
    with pytest.raises(page.PageError, match="no table is called cheque"):
        page.replaced(OLD, "cheque", section(1.0), ORDER)


def test_writing_keeps_the_mode_of_the_page(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text(OLD)
    path.chmod(0o640)
    page.write(path, "startup", section(1.0), ORDER)
    assert path.stat().st_mode & 0o777 == 0o640
    assert page.sections(path.read_text())["startup"] == section(1.0)


def test_the_pages_of_the_project_can_take_every_table() -> None:
    known = run.benches()
    for name in {each.page for each in known.values()}:
        order = [each.name for each in known.values() if each.page == name]
        page.check((ROOT / name).read_text(encoding="utf-8"), order)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with three tables: one that runs, one that does not, one that has a row too few."""

    def broken(quick: bool) -> list[Table]:
        raise NotRun("no generator")

    benches = {
        "startup": Bench("startup", "", (), lambda quick: [table(1.0)], "page.md"),
        "check": Bench("check", "", (), broken, "page.md"),
        "redact": Bench("redact", "", (), lambda quick: [table(1.0, rounds=2)], "page.md"),
    }
    (tmp_path / "page.md").write_text(OLD)
    monkeypatch.setattr(run, "ROOT", tmp_path)
    monkeypatch.setattr(run, "benches", lambda: benches)
    return tmp_path / "page.md"


def test_what_could_not_be_run_keeps_what_stood_there_and_the_run_says_so(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run.main([]) == 1
    found = page.sections(project.read_text())
    assert list(found) == ["startup", "redact"]
    assert found["startup"].startswith(f"Measured {datetime.date.today()} ")
    assert found["redact"] == page.sections(OLD)["redact"]
    told = capsys.readouterr().err
    assert "check: not run: no generator\n" in told
    assert "redact: not run: auditlog: run 1 times, not 2\n" in told
    assert told.endswith("not run: check, redact; what stood there is kept, with its date\n")


def test_only_what_is_asked_for_is_run(project: Path) -> None:
    assert run.main(["startup"]) == 0
    assert page.sections(project.read_text())["redact"] == page.sections(OLD)["redact"]


def test_a_quick_run_is_printed_and_never_written(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run.main(["--quick", "startup"]) == 0
    assert "### A title" in capsys.readouterr().out
    assert project.read_text() == OLD


def test_a_name_that_no_table_has_is_a_usage_error(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        run.main(["cheque"])
    assert stopped.value.code == 2
    assert "no table is called cheque\nthere are: startup, check, redact\n" in capsys.readouterr().err
    assert run.main(["--fast"]) == 2
    assert project.read_text() == OLD


def test_a_page_that_could_not_be_written_stops_the_run_before_anything_is_measured(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write_text(OLD.replace(page.END, ""))
    monkeypatch.setattr(page, "section", lambda *given: pytest.fail("it was measured"))
    with pytest.raises(page.PageError):
        run.main(["startup"])
