"""`auditlog schema`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.cli import options as o


def schema(name: o.SchemaName = None, output: o.Output = None) -> int:
    """Print a published JSON Schema, or list them.

    Each format that this tool writes has one (JSON Schema 2020-12). They come with the installation; nothing
    is fetched.

    Examples:
      auditlog schema
      auditlog schema record
      auditlog schema validation -o validation.schema.json
    """
    from auditlog_cli.cli import show
    from auditlog_cli.validator import schemas

    if name is None:
        told = "".join(f"{each}  {schemas.load(each).get('title')}\n" for each in schemas.names()).encode()
    else:
        told = schemas.read(name)
    out = show.output(output)
    out.write(told)
    show.finish(out)
    return 0
