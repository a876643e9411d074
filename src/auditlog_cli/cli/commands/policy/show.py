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

    Detectors of the site's own (`scan.detectors`) follow, each with the rules that ask for what it finds; then the
    registered agents with their owners, if any has one.

    Examples:
      auditlog policy show
      auditlog policy show acme.policy.yaml --format csv
    """
    from auditlog_cli.cli import judged, tables
    from auditlog_cli.rules import binding, writing
    from auditlog_cli.rules.planning import plan

    policy = judged.policy(path)
    packs = binding.packs_for(policy, None)
    rows: list[tuple[object, ...]] = []
    moment = judged.moment(as_of)
    bound = binding.bind(packs, policy, as_of=moment)
    for each in bound:
        name, version, _ = each.policy or ("", "", "")
        state = each.standing if each.enabled else f"{each.standing}: {each.reason}"
        rows.append(
            (f"{name} {version}".strip(), " ".join(each.agents), each.rule.id, each.severity, each.applicability, state,
             writing.flow(each.parameters) if each.parameters else "")
        )  # fmt: skip
    for detector in policy.scan.custom:
        asking = [
            each.rule.id
            for each in bound
            if each.enabled and not plan([each], moment).program.unheard([detector.entity])
        ]
        told = f"asked for by {', '.join(dict.fromkeys(asking)) or 'no rule'}"
        rows.append(("", "", detector.entity, "", "", f"detector: {detector.title}", told))
    register = policy.agents or ()
    for agent in register if any(each.owner for each in register) else ():
        told = f"owner: {agent.owner}" if agent.owner else "no owner"
        rows.append(("", agent.match, "", "", "", "registered", told))
    columns = ("policy", "agents", "rule", "severity", "applicability", "state", "parameters")
    tables.print_rows(columns, rows, format, output)
    return 0
