"""Tokens of services that agents call, told by their beginning (compliance.md, 4.9, gives the form of the others).

Beginnings and lengths follow gitleaks (MIT) and what the services publish; lengths are generous, for services change
them. They share one entity: whose token it is, its beginning says.
"""

from __future__ import annotations

from dataclasses import replace

from auditlog_cli.detectors.checksums import entropy
from auditlog_cli.detectors.detector import LIKELY, Candidate, Detector, Judge
from auditlog_cli.detectors.judges import ALONE, BODY, NOT_MORE, RUN, rich, token

_HEX = "4b1d0c9e8f7a6352" * 8
_UUID = "4b1d0c9e-8f7a-6352-4b1d-0c9e8f7a6352"
_OF_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_BIG = "Q7ZR2X9P" * 8

# Service, what its token looks like, literals of which it holds one (lower case), a sample in parts.
_SERVICES: tuple[tuple[str, str, tuple[str, ...], str], ...] = (
    ("1Password", r"ops_eyJ\w{20}[\w+/]{230,1000}={0,3}", ("ops_eyj",), "ops_" + "eyJ" + BODY * 3),
    ("age", r"AGE-SECRET-KEY-1[0-9A-Z]{58}", ("age-secret-key-1",), "AGE-SECRET-" + "KEY-1" + _BIG[:58]),
    ("Atlassian", r"ATATT3[\w\-]{100,300}(?:=[0-9A-F]{8})?", ("atatt3",), "ATATT3" + (BODY * 2)[:186]),
    ("Cloudflare", r"cf(?:at|ut|k)_[A-Za-z0-9]{40}[0-9a-f]{8}", ("cfat_", "cfut_", "cfk_"),
     "cfat_" + BODY[:40] + _HEX[:8]),
    ("DigitalOcean", r"do[opr]_v1_[0-9a-f]{64}", ("dop_v1_", "doo_v1_", "dor_v1_"), "dop_" + "v1_" + _HEX[:64]),
    ("Docker", r"dckr_[op]at_[\w\-]{27,40}", ("dckr_pat_", "dckr_oat_"), "dckr_" + "pat_" + BODY[:27]),
    ("Doppler", r"dp\.(?:pt|st|ct|sa)\.[\w\-]{40,80}", ("dp.pt.", "dp.st.", "dp.ct.", "dp.sa."), "dp.pt." + BODY[:43]),
    ("Figma", r"figd_[\w\-]{38,48}", ("figd_",), "figd_" + BODY[:40]),
    ("Google, OAuth access", r"ya29\.[\w\-]{40,500}", ("ya29.",), "ya29." + (BODY * 2)[:120]),
    ("Grafana", r"glsa_[A-Za-z0-9]{32}_[0-9A-Fa-f]{8}", ("glsa_",), "glsa_" + BODY[:32] + "_4b1d0c9e"),
    ("Groq", r"gsk_[A-Za-z0-9]{52}", ("gsk_",), "gsk_" + BODY[:52]),
    ("HubSpot", rf"pat-(?:na|eu)\d-{_OF_UUID}", ("pat-na", "pat-eu"), "pat-na1-" + _UUID),
    ("Langfuse", rf"sk-lf-{_OF_UUID}", ("sk-lf-",), "sk-lf-" + _UUID),
    ("LangSmith", r"lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}", ("lsv2_",), "lsv2_" + "pt_" + _HEX[:32] + "_4b1d0c9e8f"),
    ("Linear", r"lin_(?:api|oauth)_[A-Za-z0-9]{32,64}", ("lin_api_", "lin_oauth_"), "lin_" + "api_" + BODY[:40]),
    ("New Relic", r"NRAK-[0-9A-Z]{27}", ("nrak-",), "NRAK-" + _BIG[:27]),
    ("Notion", r"ntn_\d{11}[A-Za-z0-9]{35}", ("ntn_",), "ntn_" + "12345678901" + BODY[:35]),
    ("NVIDIA", r"nvapi-[\w\-]{60,80}", ("nvapi-",), "nvapi-" + BODY[:64]),
    ("OpenRouter", r"sk-or-v1-[0-9a-f]{64}", ("sk-or-",), "sk-or-" + "v1-" + _HEX[:64]),
    ("Perplexity", r"pplx-[A-Za-z0-9]{40,64}", ("pplx-",), "pplx-" + BODY[:48]),
    ("Pinecone", r"pcsk_\w{40,90}", ("pcsk_",), "pcsk_" + BODY[:70]),
    ("PlanetScale", r"pscale_(?:tkn|pw|oauth)_[\w\-]{32,64}", ("pscale_",), "pscale_" + "tkn_" + BODY[:43]),
    ("Postman", r"PMAK-[0-9a-f]{24}-[0-9a-f]{34}", ("pmak-",), "PMAK-" + _HEX[:24] + "-" + _HEX[:34]),
    ("Replicate", r"r8_[A-Za-z0-9]{37}", ("r8_",), "r8_" + BODY[:37]),
    ("RubyGems", r"rubygems_[0-9a-f]{48}", ("rubygems_",), "rubygems_" + _HEX[:48]),
    ("SendGrid", r"SG\.[\w\-]{22}\.[\w\-]{43}", ("sg.",), "SG." + BODY[:22] + "." + BODY[:43]),
    ("Sentry", r"sntryu_[0-9a-f]{64}|sntrys_eyJ\w{20}[\w+/=]{60,500}", ("sntryu_", "sntrys_"), "sntryu_" + _HEX[:64]),
    ("Shopify", r"shp(?:at|ca|pa|ss)_[0-9A-Fa-f]{32}", ("shpat_", "shpca_", "shppa_", "shpss_"), "shpat_" + _HEX[:32]),
    ("Supabase", r"sbp_[0-9a-f]{40}|sb_secret_[\w\-]{25,48}", ("sbp_", "sb_secret_"), "sbp_" + _HEX[:40]),
    ("Tailscale", r"tskey-[a-z]{2,12}-[A-Za-z0-9]{8,20}-[A-Za-z0-9]{20,40}", ("tskey-",),
     "tskey-" + "auth-" + BODY[:12] + "-" + BODY[:32]),
    ("Tavily", r"tvly-(?:[a-z]{3,4}-)?[A-Za-z0-9\-]{28,60}", ("tvly-",), "tvly-" + "dev-" + BODY[:32]),
    ("Telegram", r"\d{8,10}:AA[\w\-]{33}", (":aa",), "123456780" + ":AA" + BODY[:33]),
    ("Terraform", r"[A-Za-z0-9]{14}\.atlasv1\.[\w\-]{60,70}", (".atlasv1.",), BODY[:14] + ".atlasv1." + BODY[:65]),
    ("Together", r"tgp_v1_[\w\-]{40,50}", ("tgp_v1_",), "tgp_" + "v1_" + BODY[:43]),
    ("Vercel", r"vc[aikpr]_[A-Za-z0-9]{40,64}", ("vca_", "vci_", "vck_", "vcp_", "vcr_"), "vcp_" + BODY[:40]),
    ("xAI", r"xai-[A-Za-z0-9]{60,100}", ("xai-",), "xai-" + BODY[:80]),
)  # fmt: skip


def _key(found: Candidate) -> int | None:
    """`sk-` and letters or digits: many a model is called with such a key, and nothing else says whose it is."""
    body = found.value[3:]
    return LIKELY if entropy(body) >= 3 and any(char.isdigit() for char in body) else None


def _token(
    service: str, pattern: str, needs: tuple[str, ...], judge: Judge, hits: tuple[str, ...], misses: tuple[str, ...],
    run: int = 0,
) -> Detector:  # fmt: skip
    made = token("SECRET_SERVICE_TOKEN", "token of a service", pattern, needs, judge, hits, misses, run)
    return replace(made, source=service)


DETECTORS = (
    *(
        _token(
            service,
            rf"{ALONE}(?:{pattern}){NOT_MORE}",
            needs,
            rich(3),
            (sample, f"use {sample}, please"),
            (sample[:20], f"x{sample}"),
            RUN,
        )
        for service, pattern, needs, sample in _SERVICES
    ),
    _token(
        "interfaces of models",
        rf"{ALONE}sk-(?:[0-9a-f]{{32}}|[A-Za-z0-9]{{40,64}}){NOT_MORE}",
        ("sk-",),
        _key,
        ("sk-" + _HEX[:32], "key sk-" + BODY[:48]),
        ("task-" + _HEX[:32], "sk-" + BODY[:20], "sk-" + "a" * 32),
        RUN,
    ),
    _token(
        "Discord, webhook",
        r"https://(?:\w{2,8}\.)?discord(?:app)?\.com/api/webhooks/\d{17,20}/[\w\-]{60,80}",
        ("/api/webhooks/",),
        rich(3),
        (
            "https://discord.com/api/" + "webhooks/123456789012345678/" + BODY[:68],
            "https://ptb.discordapp.com/api/" + "webhooks/123456789012345678/" + BODY[:68],
        ),
        ("https://discord.com/api/" + "webhooks/123456789012345678/x", "https://acme.io/api/webhooks/1/x"),
    ),
    _token(
        "Azure Storage, signed address",
        r"[?&]sig=[\w%+/\-]{43,60}(?:%3[dD]|=)?(?![\w%+/\-])",
        ("sig=",),
        rich(4),
        ("https://x.blob.core.windows.net/c?sv=2024&" + "sig=" + BODY[:43] + "%3D", "?sig=" + BODY[:43] + "="),
        ("?sig=abc", "&signature=" + BODY[:43], "&sig=" + "a" * 43),
    ),
)
