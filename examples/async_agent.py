"""asyncio: two agents at once; each record knows whose it is, and the event loop never waits for the disk.

python examples/async_agent.py [LOG]
"""

import asyncio
import sys

from auditlog_cli import AsyncAuditLog, current_session

log = AsyncAuditLog(sys.argv[1] if len(sys.argv) > 1 else "demo/async.jsonl")


@log.tool(requires="web:read", effect="read")
async def search(query: str) -> list[str]:
    """Search the web, slowly."""
    await asyncio.sleep(0.01)
    return [f"a page on {query}"]


async def researcher(name: str, topic: str) -> list[str]:
    """Search twice at the same time."""
    async with current_session().agent(name):
        prices, reviews = await asyncio.gather(search(f"{topic} prices"), search(f"{topic} reviews"))
        return prices + reviews


async def main() -> None:
    """Answer one question with two agents."""
    async with log, log.session(user="alice@example.org", agent="planner", scopes=["web:read"]) as s:
        s.user_message("Compare tea pots and kettles")
        pages = await asyncio.gather(researcher("researcher-1", "tea pot"), researcher("researcher-2", "kettle"))
        s.final_answer(f"I read {sum(map(len, pages))} pages.")


asyncio.run(main())
