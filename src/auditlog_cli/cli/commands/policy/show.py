"""`auditlog policy show`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.cli import options as o


def show(
    path: o.PolicyName = None,
    as_of: o.AsOf = None,
    format: o.TableFormat = None,  # noqa: A002 - the word of the option
    output: o.Output = None,
) -> int:
    """Show what a policy comes to: every rule for every group of agents, what it is set to, or why it does not run.

    Examples:
      auditlog policy show
      auditlog policy show acme.policy.yaml --format csv
    """
    from auditlog_cli.cli import judged, tables
    from auditlog_cli.rules import binding, writing

    policy = judged.policy(path)
    packs = binding.packs_for(policy, None)
    rows: list[tuple[object, ...]] = []
    for each in binding.bind(packs, policy, as_of=judged.moment(as_of)):
        name, version, _ = each.policy or ("", "", "")
        state = each.standing if each.enabled else f"{each.standing}: {each.reason}"
        rows.append(
            (f"{name} {version}".strip(), " ".join(each.agents), each.rule.id, each.severity, each.applicability, state,
             writing.flow(each.parameters) if each.parameters else "")
        )  # fmt: skip
    columns = ("policy", "agents", "rule", "severity", "applicability", "state", "parameters")
    tables.print_rows(columns, rows, format, output)
    return 0
