"""What is to be masked: entities, fields, and how. From options, or from a profile, `auditlog.redaction/1`."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import NamedTuple

from auditlog_cli import detectors
from auditlog_cli.detectors import Scanner
from auditlog_cli.detectors.detector import CONFIDENCES, Detector
from auditlog_cli.errors import DefinitionError, UsageError
from auditlog_cli.redaction.masks import WAYS, Masks
from auditlog_cli.redaction.redactor import Redactor
from auditlog_cli.rules import yamlfile
from auditlog_cli.rules.section import Section

FORMAT = "auditlog.redaction/1"
LEFT_BY_DEFAULT = ("IP_ADDRESS", "MAC_ADDRESS", "GEO_COORDINATES", "BIC_CODE", "ICD10_CM", "VIN")
"""Personal only where it belongs to a person, and so taken only where it is asked for (compliance.md, 12)."""


class Settings(NamedTuple):
    """What is to be masked.

    Attributes:
        entities: Names or aliases of what detectors find; None: all but LEFT_BY_DEFAULT; empty: none.
        min_confidence: `certain`, `likely` or `possible`: the least that is taken.
        fields: Dotted paths whose values go whatever they hold; `*` is any name.
        ways: One of `masks.WAYS` for an entity, or for a path in `fields`.
        paths: Further dotted paths that are scanned.
        phone_regions: For numbers without a leading `+`.
        test_numbers: `report` or `ignore`: published card numbers for tests.
        mrn: Pattern of this site's medical record numbers.
        custom: Detectors of one's own (`detectors.custom`).
    """

    entities: tuple[str, ...] | None = None
    min_confidence: str = "likely"
    fields: tuple[str, ...] = ()
    ways: Mapping[str, str] = {}
    paths: tuple[str, ...] = ()
    phone_regions: tuple[str, ...] = ("US",)
    test_numbers: str = "report"
    mrn: str | None = None
    custom: tuple[Detector, ...] = ()

    def wanted(self) -> tuple[str, ...]:
        """Return the entities, under our names.

        Raises:
            DefinitionError: If there is no such entity.
        """
        known = tuple(dict.fromkeys((*detectors.ENTITIES, *(each.entity for each in self.custom))))
        if self.entities is None:
            return tuple(each for each in known if each not in LEFT_BY_DEFAULT)
        return tuple(dict.fromkeys(found for name in self.entities for found in detectors.lookup(name, known)))

    def scanner(self, more: Sequence[str] = ()) -> Scanner | None:
        """Return what finds the entities, or None if none is asked for.

        Args:
            more: Dotted paths that are scanned as well.

        Raises:
            DefinitionError: If there is no such entity, or a pattern is wrong.
        """
        wanted = self.wanted()
        if not wanted:
            return None
        return Scanner(
            wanted,
            min_confidence=self.min_confidence,
            phone_regions=self.phone_regions,
            test_numbers=self.test_numbers,
            paths=(*self.paths, *more),
            mrn=self.mrn,
            custom=self.custom,
        )

    def redactor(self, key: bytes | None = None) -> Redactor:
        """Return what does it.

        Args:
            key: For pseudonyms.

        Raises:
            UsageError, DefinitionError: If something of it cannot be.
        """
        return Redactor(self.scanner(), Masks(self._named(), key), self.fields, self.scanner(["*"]))

    def mark(self, key: bytes | None = None) -> str:
        """Return 16 hex digits that tell these settings from others; of the key no more than a pseudonym tells."""
        plain = self._replace(ways=dict(sorted(self.ways.items())), custom=())
        own = [(each.entity, each.pattern.pattern, each.words) for each in self.custom]
        said = "" if key is None else Masks({}, key).cover("MARK", "")
        return sha256(repr((plain, own, said)).encode("utf-8", "backslashreplace")).hexdigest()[:16]

    def _named(self) -> dict[str, str]:
        """The ways, with our names for entities in place of other people's."""
        known = (*detectors.ENTITIES, *(each.entity for each in self.custom))
        named: dict[str, str] = {}
        for name, way in self.ways.items():
            entities = (name,) if name in self.fields else detectors.lookup(name, known)
            named |= dict.fromkeys(entities, way)
        return named


def load(path: str) -> Settings:
    """Return the settings that a profile holds (YAML or JSON; `docs/redact.md` shows one).

    Raises:
        DefinitionError: If it cannot be read, or something in it is wrong; with file and line.
    """
    document = yamlfile.load(path)
    top = Section(document, document.data, "a redaction profile")
    top.choice("format", (FORMAT,), required=True)
    top.text("name")
    fields = top.value("fields", list, dict)
    ways = {}
    section = top.section("ways", "ways to mask")
    if section is not None:
        ways = {name: section.choice(name, WAYS) for name in section.data}
    if isinstance(fields, dict):
        named = Section(document, fields, "the fields of a redaction profile")
        ways |= {name: named.choice(name, WAYS) for name in fields}
        paths = tuple(fields)
    else:
        paths = top.texts("fields")
    made = Settings(
        entities=top.texts("entities") if top.has("entities") else None,
        min_confidence=top.choice("min_confidence", CONFIDENCES, "likely"),
        fields=paths,
        ways=ways,
        paths=top.texts("paths"),
        phone_regions=top.texts("phone_regions") or ("US",),
        test_numbers=top.choice("test_numbers", ("report", "ignore"), "report"),
        mrn=top.text("mrn") or None,
        custom=_custom(os.path.dirname(path), top.text("detectors")),
    )
    top.finish()
    if any(not path.strip(". /") for path in paths):
        raise top.error("a path is empty", "fields", help="user.email, action.arguments.to")
    for key, looked in (("entities", made.wanted), ("mrn", made.scanner if made.mrn else made.wanted)):
        try:
            looked()
        except DefinitionError as error:
            raise top.error(error.message, key, help=error.help) from error
    for name in ways:
        if name not in paths:
            try:
                detectors.lookup(name, (*detectors.ENTITIES, *(each.entity for each in made.custom)))
            except Exception as error:
                raise top.error(str(error), "ways") from error
    return made


def asked(profile: str | None, entities: list[str] | None, min_confidence: str | None, fields: list[str]) -> Settings:
    """Return what is to be masked: the profile, and over it what is asked for besides.

    Args:
        profile: A file, or None.
        entities: Instead of those of the profile.
        min_confidence: Instead of that of the profile.
        fields: Besides those of the profile. Without a profile and entities: these, and nothing that was not asked for.

    Raises:
        DefinitionError: If the profile is missing or wrong.
        UsageError: If a path is empty, or there is no such confidence.
    """
    if any(not path.strip(". /") for path in fields):
        raise UsageError("fields: a path is empty", help="user.email,action.arguments.to")
    if min_confidence is not None and min_confidence not in CONFIDENCES:
        raise UsageError(f"min_confidence: one of {', '.join(CONFIDENCES)}", help="certain takes least, possible most")
    made = Settings() if profile is None else load(profile)
    if entities is not None:
        made = made._replace(entities=tuple(entities))
    elif fields and profile is None:
        made = made._replace(entities=())
    if min_confidence is not None:
        made = made._replace(min_confidence=min_confidence)
    return made._replace(fields=tuple(dict.fromkeys((*made.fields, *fields))))


def _custom(folder: str, name: str) -> tuple[Detector, ...]:
    if not name:
        return ()
    from auditlog_cli.rules import policy
    from auditlog_cli.sources.opening import read_definition

    path = os.path.join(folder, name)
    return policy.detectors_in(yamlfile.parse(read_definition(path, yamlfile.MAX_BYTES + 1), path))
