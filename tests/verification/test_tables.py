"""Every row of the tables of integrity.md, 8, 10.2 and 10.3 has its tests; each of them is there.

A row is known by how it begins. A new row of the standard fails here until somebody names the test that shows it.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
THREATS = "verification/test_threats.py"
BATTERY = "verification/test_battery.py"

ROWS = {
    "8": {
        "edit, reorder, delete": [f"{THREATS}::test_an_edit_in_the_middle", f"{THREATS}::test_a_record_deleted_or_reordered"],
        "everything re-chained": [f"{THREATS}::test_a_re_chained_log_is_found_at_the_next_checkpoint",
                                  f"{THREATS}::test_a_re_chained_log_without_its_checkpoints_is_found_by_who_has_the_key"],
        "agent with a shell": [f"{THREATS}::test_a_re_chained_log_that_was_signed_anew_is_found_by_memory_alone",
                               f"{THREATS}::test_a_cut_below_the_checkpoint_is_seen"],
        "tail after the last": [f"{THREATS}::test_a_tail_that_is_cut_is_not_seen_and_that_is_said",
                                f"{THREATS}::test_a_tail_that_is_forged_is_not_seen_and_that_is_said"],
        "does not log": [f"{THREATS}::test_that_it_is_true_and_whole_is_never_claimed"],
        '"redacts" what': [f"{THREATS}::test_what_an_agent_withholds_is_no_redaction",
                           f"{THREATS}::test_what_nobody_declared_is_undeclared"],
        "root without key": [f"{THREATS}::test_an_older_state_put_back_as_a_whole_is_found_by_memory_alone"],
        "insider with the key": [f"{THREATS}::test_two_histories_under_one_key_are_found_by_who_compares_them"],
        "deletes everything": [f"{THREATS}::test_everything_deleted_is_never_ok"],
        "guesses a withheld": [f"{THREATS}::test_a_withheld_value_cannot_be_guessed_and_its_hash_is_of_no_use"],
        "swaps a value": [f"{THREATS}::test_a_value_that_was_swapped", f"{THREATS}::test_a_hole_that_was_filled",
                          f"{THREATS}::test_a_smuggled_duplicate_member"],
        "shipper drops": [f"{THREATS}::test_a_shipper_that",
                          f"{THREATS}::test_a_shipper_that_re_serialises_is_a_false_alarm_that_is_told"],
        "backups, SSD": [f"{THREATS}::test_copies_elsewhere_are_named_as_not_checked"],
        "hash of erased data": [f"{THREATS}::test_a_withheld_value_cannot_be_guessed_and_its_hash_is_of_no_use"],
    },
    "10.2": {
        "20 appends": [f"{BATTERY}::test_twenty_appends",
                       "writer/test_log.py::test_twenty_appends_are_twenty_one_records_and_every_receipt_holds"],
        "write fails in the middle": ["writer/test_refusals.py::test_a_write_cut_short",
                                      "writer/test_refusals.py::test_a_limit_on_file_size",
                                      "faults/test_full_disk.py::test_full_and_empty_again"],
        "20 bytes cut off": [f"{BATTERY}::test_a_torn_tail_is_not_called_tampering",
                             "writer/test_recovery.py::test_last_line_cut_at_every_byte",
                             "writer/test_recovery.py::test_a_tail_below_the_newest_checkpoint_is_left"],
        "only the final LF": [f"{BATTERY}::test_a_torn_tail_is_not_called_tampering",
                              "writer/test_recovery.py::test_last_line_cut_at_every_byte"],
        "two processes": ["writer/test_sharing.py::test_processes_with_rotation",
                          "writer/test_sharing.py::test_processes_from_nothing", "writer/test_sharing.py::test_threads",
                          "writer/test_sharing.py::test_forked_children"],
        "writer killed (-9)": ["writer/test_sharing.py::test_a_killed_holder_blocks_nobody"],
        "5 records cut off": [f"{BATTERY}::test_the_end_cut_off", f"{BATTERY}::test_a_log_that_grew_is_no_rollback"],
        "missing file": [f"{BATTERY}::test_what_cannot_be_looked_at_is_never_intact"],
        "log deleted under": ["writer/test_tampering.py::test_deleted",
                              "writer/test_tampering.py::test_deleted_after_rotation"],
        "duplicate member": [f"{THREATS}::test_a_smuggled_duplicate_member", "verification/test_cases.py::test_case"],
        "500, then 1,000": ["writer/test_log.py::test_appending_does_the_same_whatever_the_size_of_the_log"],
        "signatures and checkpoints stripped": [
            f"{THREATS}::test_a_re_chained_log_without_its_checkpoints_is_found_by_who_has_the_key"],
        "two fields redacted": ["withholding/test_demo.py::test_every_byte_is_that_of_the_example",
                                "withholding/test_demo.py::test_twice_is_once"],
        "record 1,100": [f"{BATTERY}::test_one_edited_record_of_many"],
        "U+2028, NaN": ["writer/test_values.py::test_every_value_is_written_by_rule",
                        "writer/test_log.py::test_lines_split_at_lf_only"],
        "`fsync` returns EIO": ["writer/test_durability.py::test_a_failed_sync_is_no_receipt_and_the_next_append_copies_the_log",
                                "writer/test_durability.py::test_a_failed_sync_is_never_retried_and_called_good"],
        "verify 0, cut below": ["writer/test_checkpoints.py::test_what_does_not_extend_the_signed_state_is_refused"],
    },
    "10.3": {
        "Scrubbing breaks": ["withholding/test_demo.py::test_leaves_and_skeletons_are_those_before"],
        "false alarm on a pruned": [f"{BATTERY}::test_live_writers_raise_no_false_alarm",
                                    "retention/test_pruning.py::test_old_segments_go_and_the_root_stays"],
        "head cut passes": ["verification/test_cases.py::test_case"],
        "checkpoint ahead of": ["writer/test_checkpoints.py::test_a_checkpoint_that_cannot_be_kept_is_not_recorded"],
        "never-sealed journal": [f"{BATTERY}::test_a_key_and_no_checkpoint"],
        "truncate and continue": ["writer/test_checkpoints.py::test_what_does_not_extend_the_signed_state_is_refused",
                                  "writer/test_checkpoints.py::test_while_idle_if_that_was_promised"],
        "log file deleted": ["writer/test_tampering.py::test_deleted"],
        "repair swallows": ["writer/test_recovery.py::test_a_malformed_line_with_a_good_one_after_it_is_never_cut"],
        "JCS that is not JCS": ["interop/test_aat.py::test_they_agree"],
        "unsalted argument": ["withholding/test_choosing.py::test_digests_of_the_same_content_go_everywhere"],
    },
}  # fmt: skip


@pytest.mark.parametrize("node", sorted({node for rows in ROWS.values() for named in rows.values() for node in named}))
def test_the_test_is_there(node: str) -> None:
    file, _, name = node.partition("::")
    assert re.search(rf"^def {name}\(", (TESTS / file).read_text(), re.MULTILINE)


@pytest.mark.parametrize("section", ["8", "10.2"])
def test_no_row_is_without_one(section: str, shared: Path) -> None:
    text = (shared / "spec" / "integrity.md").read_text()
    part = re.split(rf"^##+ {re.escape(section)}\.? ", text, flags=re.MULTILINE)[1].split("\n#")[0]
    rows = [line[2:] for line in part.splitlines() if line.startswith("| ")][1:]
    assert len(rows) == len(ROWS[section])
    for row in rows:
        assert len([begin for begin in ROWS[section] if row.startswith(begin)]) == 1, row


def test_no_fault_of_others_is_without_one(shared: Path) -> None:
    text = (shared / "spec" / "integrity.md").read_text().split("### 10.3 ")[1].split("\n#")[0]
    missing = [begin for begin in ROWS["10.3"] if begin not in text]
    assert not missing
