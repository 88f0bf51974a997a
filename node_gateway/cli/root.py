"""The root of the command tree."""

from __future__ import annotations

import typer

from node_gateway.cli import (
    anchors,
    api_keys,
    auditing,
    backup,
    capturing,
    chain,
    chain_check,
    code,
    code_prefix,
    consortium,
    database,
    delegations,
    demo,
    doctor,
    events,
    evidence,
    exceptions,
    exporting,
    findings,
    genesis,
    grants,
    handover,
    importing,
    init,
    issuing,
    keys,
    keys_chain,
    keys_revoke,
    label,
    linting,
    master_data,
    network,
    notices,
    operating,
    peer,
    proofs,
    recall,
    recall_reach,
    serve,
    shipment,
    subscription,
    succession,
    tracing,
    usage,
    user,
    visibility,
    webhook,
)

app = typer.Typer(
    name="sealtrail",
    cls=usage.Commands,
    help="Keep your own events, let anybody check them.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.command("init")(init.init)
app.command("serve")(serve.serve)
app.command("status")(doctor.status)
app.command("doctor")(doctor.doctor)
app.command("capture")(capturing.capture)
app.command("trace")(tracing.trace)
app.command("verify")(proofs.verify)
app.command(  # its options are the library's, --help among them
    "audit",
    add_help_option=False,
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)(auditing.audit)
app.command("lint")(linting.lint)
app.command("demo")(demo.demo)
app.add_typer(importing.app, name="import", help="Files of other systems: mashang.")
app.add_typer(exporting.app, name="export", help="Files for other parties: mashang, archive.")
operating.add_to(app)
app.add_typer(events.app, name="event", help="Single events: show, correct, void, erase.")
events.app.command("who")(visibility.who)
app.add_typer(grants.app, name="grant", help="What others may read: add, list, show, log, ...")
app.add_typer(
    delegations.app, name="delegation", help="Who may act for us: add, list, revoke, proof."
)
app.command("act-for")(delegations.act_for)
app.add_typer(anchors.app, name="anchor", help="Anchors: now, list, show.")
app.add_typer(proofs.app, name="proof", help="Bundles: get; openings: open.")
_SEVERAL = "add, show, list, import, export, remove."
app.add_typer(master_data.product, name="product", help=f"Products: {_SEVERAL}")
app.add_typer(master_data.location, name="location", help=f"Places: {_SEVERAL}")
app.add_typer(master_data.party, name="party", help=f"Organisations: {_SEVERAL}")
issuing.register(code.app)
code.app.command("show")(findings.show_code)
app.add_typer(
    handover.app, name="handover", help="What partners see: list, show, preview, send, ..."
)
app.add_typer(
    exceptions.app, name="exception", help="Mismatches: list, show, message, resolve, ..."
)
app.add_typer(shipment.app, name="shipment", help="Shipments to us: list, show, receive, ...")
app.add_typer(findings.app, name="finding", help="What state rules found: list, show.")
app.add_typer(
    notices.app, name="notice", help="Recalls and the goods here: list, show, affected, load."
)
recall_reach.add_to(recall.app)
app.add_typer(
    recall.app, name="recall", help="Recall goods: open, drill, reach, tasks, escalate, close, ..."
)
app.add_typer(
    consortium.app, name="consortium", help="The participants, and what they decide together."
)
app.add_typer(
    code_prefix.app, name="code-prefix", help="Who may commission which codes; handing over."
)
app.add_typer(code.app, name="code", help="Codes: parse, issue, commission, void, replace.")
app.add_typer(label.app, name="label", help="Labels: print, unlock, run, show, list, log.")
chain.app.command("succeed")(succession.succeed)
chain.app.command("genesis")(genesis.genesis)
chain.app.command("check")(chain_check.check)
app.add_typer(chain.app, name="chain", help="The chain: genesis, deploy, check, succeed.")
app.add_typer(network.app, name="network", help="The network file: show, sign, compare, check.")
app.add_typer(
    peer.app, name="peer", help="Other gateways: list, show, ping, retry, messages, export."
)
app.add_typer(
    evidence.app, name="evidence", help="What cannot both hold, for third parties: list, export."
)
app.add_typer(
    subscription.app, name="subscription", help="Webhook subscriptions: list, show, remove."
)
app.add_typer(
    webhook.app, name="webhook", help="Tell other systems: add, list, test, rotate, listen, ..."
)
app.add_typer(api_keys.app, name="api-key", help="API keys: new, list, revoke.")
app.add_typer(user.app, name="user", help="Who may sign in: add, list, reset-link, disable.")
keys_chain.add_to(keys.app)
keys_revoke.add_to(keys.app)
app.add_typer(keys.app, name="key", help="Chain keys: new, import, address, list, rotate, revoke.")
app.add_typer(backup.app, name="backup", help="Backups: key, create, prove, restore.")
app.add_typer(database.app, name="db", help="The database: upgrade, rebuild, adopt-chain.")


def main() -> None:
    """Run the command line."""
    app()
