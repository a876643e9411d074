"""What the user wants withheld, held against itself: which options go together. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from auditlog_cli.errors import UsageError
from auditlog_cli.selection import Selection
from auditlog_cli.withholding.choosing import ByField, BySubject, Chooser, Together
from auditlog_cli.withholding.finding import ByEntity, ByPlace, Scans
from auditlog_cli.withholding.subject import Subject


class Wish(NamedTuple):
    """What is to go; the words are those of the command line.

    Attributes:
        fields: Dotted paths.
        subject: Identifiers of one person.
        records: Ids or numbers of records.
        whole: Whole records; with `subject`, where an identifier cannot be withheld by field.
        request: The case number of the erasure of one person.
        scanner: Finds values by what they look like; None if only places are named.
        places: JSON pointers by the number of the record; None if no findings name any.
    """

    fields: tuple[str, ...] = ()
    subject: tuple[str, ...] = ()
    records: tuple[str, ...] = ()
    whole: bool = False
    request: str | None = None
    scanner: Scans | None = None
    places: Mapping[int, frozenset[str]] | None = None

    def chooser(self, selection: Selection) -> Chooser:
        """Return how to choose.

        Raises:
            UsageError: If nothing is asked for, or what does not go together.
        """
        if self.subject:
            return self._by_subject(selection)
        if self.request is not None:
            raise UsageError("--request goes with --subject", help="--subject ID --request CASE-123")
        if self.places is not None:
            return ByPlace(self.places, whole=self.whole)
        if self.scanner is not None:
            return self._by_entity(self.scanner, selection)
        if not self.fields and not self.whole:
            raise UsageError(
                "what is to go?",
                help="--entities EMAIL_ADDRESS,… or --fields user.email,… or --subject ID --request N or --whole",
            )
        if self.fields and self.whole:
            raise UsageError(
                "--fields and --whole: either some values, or the whole record", help="leave one of them out"
            )
        if self.whole and selection.everything and not self.records:
            raise UsageError(
                "--whole needs --record or a selector: it would take every record",
                help="--record ID, --session ID, --where EXPR, …",
            )
        if any(not path.strip(". /") for path in self.fields):
            raise UsageError("--fields: a path is empty", help="--fields user.email,action.arguments.to")
        return ByField(list(self.fields), selection, list(self.records))

    def _by_entity(self, scanner: Scans, selection: Selection) -> Chooser:
        by_entity = ByEntity(scanner, selection, list(self.records), whole=self.whole)
        if not self.fields:
            return by_entity
        return Together(by_entity, ByField(list(self.fields), selection, list(self.records)))

    def _by_subject(self, selection: Selection) -> Chooser:
        if (
            self.fields
            or self.records
            or self.scanner is not None
            or self.places is not None
            or not selection.everything
        ):
            raise UsageError(
                "--subject looks through the whole log, so it takes no --fields, --entities, --record or selectors",
                help="what it would take: --dry-run",
            )
        if any(not each.strip() for each in self.subject):
            raise UsageError("--subject: an identifier is empty", help="--subject u-17")
        if any(0xD800 <= ord(char) < 0xE000 for each in self.subject for char in each):
            raise UsageError("--subject: an identifier is not valid text", help="give it in UTF-8")
        return BySubject(Subject(list(self.subject)), whole=self.whole)

    def refuse_names(self, **texts: str | None) -> None:
        """Refuse texts that hold an identifier of the person: they go into the log and stay there for ever.

        Raises:
            UsageError: If one does. It does not repeat it.
        """
        subject = Subject(list(self.subject)) if self.subject else None
        for option, text in texts.items():
            if subject is not None and text and subject.in_text(text):
                raise UsageError(
                    f"--{option} names the person who is to be erased; it stays in the log for ever",
                    help="give a case number instead",
                )
