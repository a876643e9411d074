"""What an application logs anyway goes into the audit log, too; what cannot be written raises.

python examples/logging_handler.py [LOG]
"""

import logging
import sys

from auditlog_cli import AuditHandler, AuditLog

logger = logging.getLogger("shop")
logger.setLevel(logging.INFO)

with AuditLog(sys.argv[1] if len(sys.argv) > 1 else "demo/logging.jsonl") as log:
    logger.addHandler(AuditHandler(log))
    with log.session(user="alice@example.org", agent="planner", scopes=["orders:read"]) as s:
        logger.info("looking up order %s", 42, extra={"order": 42})
        with s.tool("lookup_order", {"order_id": 42}, requires="orders:read") as t:
            logger.warning("the stock service is slow")
            t.result({"item": "tea pot"})
