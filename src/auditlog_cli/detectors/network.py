"""Network and place: addresses of machines, coordinates (compliance.md, 4.5)."""

from __future__ import annotations

import re

from auditlog_cli.detectors.checksums import stdnum
from auditlog_cli.detectors.detector import LIKELY, MARKS, POSSIBLE, Candidate, Detector, ascii_pattern, words

_OCTET = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_IP_WORDS = words("ip, host, client, remote, x_forwarded_for, forwarded, ipaddress, addr")
_MAC_WORDS = words("mac, hwaddr, device")
_GEO_WORDS = words("lat, lon, lng, gps, coord, coords, location, position, latitude, longitude, coordinates, geo")


def _ip(found: Candidate) -> int | None:
    import ipaddress

    try:
        address = ipaddress.ip_address(found.value)
    except ValueError:
        return None
    if not address.is_global or address.is_multicast or address.is_reserved or address.is_unspecified:
        return None
    return LIKELY if found.said(_IP_WORDS) else POSSIBLE


def _mac(found: Candidate) -> int | None:
    digits = set(found.value.lower()) - set(":-")
    if digits <= {"0"} or digits <= {"f"} or not stdnum("mac")(found.value):
        return None
    return LIKELY if found.said(_MAC_WORDS) else POSSIBLE


_PART = r"[-+]?\d{1,3}\.\d{4,20}"


def _goes_on(found: Candidate) -> bool:
    """Tell whether the numbers are two of a longer list: such another stands before or after, divided alike."""
    between = re.sub(_PART, "", found.value)
    text, near = found.text, 30
    before, after = text[max(found.start - near, 0) : found.start], text[found.end : found.end + near]
    divided = re.escape(between)
    return bool(re.search(rf"{_PART}{divided}\Z", before, re.ASCII) or re.match(divided + _PART, after, re.ASCII))


def _geo(found: Candidate) -> int | None:
    parts = ascii_pattern(r"[-+]?\d+\.\d+").findall(found.value)
    small = all(abs(float(part)) < 2 for part in parts)
    degrees = "°" in found.text[found.start : found.end + 2]
    if (small or _goes_on(found)) and not degrees and not found.said(_GEO_WORDS):
        return None  # embeddings and prices look like this
    return LIKELY


DETECTORS = (
    Detector(
        "IP_ADDRESS",
        "IPv4 address that is reachable from everywhere",
        MARKS,
        ascii_pattern(rf"(?<![\d.\w])(?:{_OCTET}\.){{3}}{_OCTET}(?![\d.]*\d|\w)"),
        _ip,
        needs=(".",),
        often=((".", 3),),
        words=_IP_WORDS,
        source="RFC 791; IANA special-purpose registries",
        hits=(("client_ip", "8.8.8.8"), ("", "from host 93.184.216.34 port 22")),
        misses=(
            ("ip", "192.0.2.1"),
            ("ip", "10.0.0.1"),
            ("ip", "1.2.3.4.5"),
            ("version", "8.8.4.4"),
            ("ip", "256.1.1.1"),
        ),
    ),
    Detector(
        "IP_ADDRESS",
        "IPv6 address that is reachable from everywhere",
        MARKS,
        ascii_pattern(
            r"(?<![0-9A-Za-z:.])(?=[0-9A-Fa-f.]{0,7}:[0-9A-Fa-f.]{0,7}:)[0-9A-Fa-f:.]{2,45}(?<!\.)(?![0-9A-Za-z:])"
        ),
        _ip,
        needs=(":",),
        often=(("::", 1), (":", 6)),
        words=_IP_WORDS,
        source="RFC 4291",
        hits=(("ip", "2606:4700:4700::1111"), ("remote_ip", "2a00:1450:4001:82b:0:0:0:200e")),
        misses=(("ip", "2001:db8::1"), ("ip", "::1"), ("ip", "14:23:11"), ("", "std::vector")),
    ),
    Detector(
        "MAC_ADDRESS",
        "hardware address",
        MARKS,
        ascii_pattern(
            r"(?<![0-9A-Fa-f:\-])[0-9A-Fa-f]{2}([:\-])(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}(?![0-9A-Fa-f:\-])"
        ),
        _mac,
        needs=(":", "-"),
        often=((":", 5), ("-", 5)),
        words=_MAC_WORDS,
        source="IEEE 802",
        hits=(("mac", "D0-50-99-84-A2-A0"), ("", "device 3c:22:fb:10:20:30 joined")),
        misses=(("mac", "00:00:00:00:00:00"), ("mac", "ff:ff:ff:ff:ff:ff"), ("mac", "D0-50:99-84-A2-A0")),
    ),
    Detector(
        "GEO_COORDINATES",
        "latitude and longitude",
        MARKS,
        ascii_pattern(
            r"(?<![\d.])[-+]?(?:[1-8]?\d\.\d{4,20}|90\.0{4,20})°?\s{0,4}[,; ]"
            r"\s{0,4}[-+]?(?:1[0-7]\d|\d{1,2})\.\d{4,20}(?![\d.])"
        ),
        _geo,
        needs=(".",),
        often=((".", 2),),
        words=_GEO_WORDS,
        source="ISO 6709",
        hits=(("", "at 52.520008, 13.404954 now"), ("gps", "1.290270;1.851959"), ("", "-33.868820 151.209290")),
        misses=(("", "0.120008, 0.404954"), ("", "52.52, 13.40"), ("", "95.123456, 13.123456")),
    ),
)
