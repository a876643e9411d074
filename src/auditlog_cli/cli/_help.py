"""Generated from the Typer definition by `make docs` (cli/generate.py). Do not edit."""

GROUPS: dict[str, tuple[str, str]] = {'alerts': ('Alerts: what became of each finding, in a log of its own.',
            '`auditlog check --alerts FILE` opens them, once each; people acknowledge and resolve them. The '
            'alerts log is an\n'
            'append-only, sealed log like any other: it says who did what, when and why.'),
 'detectors': ('What finds personal data and secrets: the entities, one in detail, and what a text would '
               'give.',
               ''),
 'hold': ('Legal holds: what `prune` and `redact` must leave as it is.',
          'A hold is a record of the log itself: sealed with everything else, in force until a record '
          'releases it. A log that\n'
          'others write has its holds beside it, in LOG.holds.'),
 'hook': ('Hooks of coding agents: every act is recorded before it happens, or it does not happen.',
          '`install` puts the hook into the settings of Claude Code, `claude-code` is what Claude Code then '
          'calls.'),
 'index': ('The index beside a log: where the records of a session, a user, … stand.',
           'Commands that read a large log make it and keep it up; nothing else needs it, and it may be '
           'deleted at any time\n'
           '(docs/index.md).'),
 'packs': ('Packs of rules: list them, read them, write your own.',
           'A pack is one file of rules for one law or standard. Those that are shipped are in review: no '
           'lawyer has read\n'
           'them. How to write your own: docs/packs.md.'),
 'policy': ('The policy file of a site: draft it, check it, read it.',
            'A policy says what is true of a site (what its tools do, who is allowed what) and which packs '
            'judge which agents.\n'
            'Keys and their meaning: docs/packs.md.')}

PAGES: dict[str, tuple[str, str, str, tuple[tuple[str, tuple[tuple[str, str], ...]], ...], str]] = {'anchor': ('Keep the newest checkpoint where who holds the log and its key cannot change it.',
            'auditlog anchor [OPTION]... PATH',
            '--git commits it into a repository, as auditlog/ORIGIN.checkpoint: push it to where the agents '
            'cannot. --tsa asks a\n'
            'time-stamping authority to sign that it existed by now; only its hash is sent, and nothing is '
            'sent anywhere else.\n'
            'OUT.checkpoint and OUT.checkpoint.tsr are written once the answer has been checked. --witness '
            'asks a witness\n'
            '(c2sp.org/tlog-witness), who remembers the newest state and signs only what extends it. '
            '`auditlog head` prints what\n'
            'to put into a ticket or the output of a CI job.',
            (('Arguments', (('PATH', 'The log.'),)),
             ('Options',
              (('--git REPOSITORY', 'Commit the newest checkpoint there.'),
               ('--tsa URL', 'Ask this time-stamping authority (RFC 3161) for a stamp of it.'),
               ('--witness URL', 'Ask this witness (c2sp.org/tlog-witness) to cosign it.'),
               ('-o, --output OUT',
                'What the files of --tsa and --witness are called; default: PATH.SIZE.'))),
             ('Whom is trusted',
              (('--tsa-ca FILE', 'Certificates of the time-stamping authorities that are trusted, PEM.'),
               ('--witness-key FILE',
                'Verifier keys of the witnesses that are trusted (C2SP, NAME+ID+KEY), one a line.'),
               ('--checkpoint FILE', 'The newest checkpoint, if it is not beside the log.'))),
             ('How they are shown',
              (('-q, --quiet', 'No notices on standard error; errors are still said.'),))),
            'auditlog anchor audit.jsonl --git /srv/heads\n'
            'auditlog anchor audit.jsonl --tsa https://tsa.example.org/ --tsa-ca tsa.pem\n'
            'auditlog anchor audit.jsonl --witness https://witness.example.org/w1 --witness-key witnesses\n'
            'auditlog verify audit.jsonl --anchor git:/srv/heads --anchor audit.jsonl.4096.checkpoint '
            '--tsa-ca tsa.pem'),
 'bundle': ('Pack the records of a session or a trace as evidence, for somebody who has neither the log nor '
            'this tool.',
            'auditlog bundle [OPTION]... ID PATH',
            'The zip file holds the records as they stand, a proof for each under the newest signed '
            'checkpoint, a checker that\n'
            'needs nothing but Python, and a page that says how to check who signed, with OpenSSL. It does '
            'not hold the\n'
            'public key: hand that over by another way.\n'
            '\n'
            'It proves that each record stood in the log, not that there were no others. --complete proves '
            'that, too: all other\n'
            'records go with them, each value that can be withheld withheld, so that only ids, times and '
            'plain fields show.',
            (('Arguments', (('ID', 'A session or trace id, whole.'), ('PATH', 'The log.'))),
             ('Options',
              (('--complete',
                'Prove that none was left out, with all other records, their values withheld.'),)),
             ('Whom is trusted',
              (('--checkpoint FILE', 'The newest checkpoint, if it is not beside the log.'),)),
             ('How they are shown',
              (('-o, --output FILE', 'Write to FILE, which appears whole or not at all.'),
               ('-q, --quiet', 'No notices on standard error; errors are still said.')))),
            'auditlog bundle refund-1042 audit.jsonl -o evidence.zip\n'
            'auditlog bundle 4bf92f3577b34da6a3ce929d0e0e4736 audit.jsonl --complete -o evidence.zip'),
 'check': ('Judge a log by compliance packs: what has to be explained, by which clause, where, and what '
           'could not be tested.',
           'auditlog check [OPTION]... [PATH]...',
           'Works offline. Values of arguments, results and texts are never shown. Exit code: 0 nothing that '
           'counts; 1\n'
           'violations or gaps at or above --fail-on; 3 an input is missing or empty; 4 a pack, policy or '
           'waiver is wrong; 5\n'
           'what was found could not be written or told; 6 not everything could be judged. A run without '
           'findings is evidence\n'
           'for compliance, never proof of it.',
           (('Arguments',
             (('[PATH]...',
               'Logs: files, folders, globs, - for standard input; .gz and .zst too. Without any: '
               '$AUDITLOG_LOG, else what is piped in, else ./audit.jsonl.'),)),
            ('Which rules',
             (('-p, --pack, --rules NAME|FILE',
               'A shipped pack (`auditlog packs list`) or a file; repeat for more. Else those of the policy, '
               'else baseline.'),
              ('--only-policy NAME', 'Only this bundle of the policy file.'),
              ('--only ID', 'Only these rules; * and ? are wildcards.'),
              ('--skip ID', 'Not these rules.'),
              ('--experimental', 'Experimental rules, too.'))),
            ('Options',
             (('--policy FILE|NAME',
               'The policy file, or one bundle of the file that lies here; default: auditlog.policy.yaml or '
               '.json in the working directory.'),
              ('--no-policy', 'Without a policy, even where one lies here.'),
              ('--as-of TIME', 'The "now" of all rules; default: the clock. Makes a run repeatable.'),
              ('--from FORMAT',
               'Take every file for this format; default: told from the file. `?` lists them.'))),
            ('What counts',
             (('--fail-on critical|high|medium|low|info|never',
               'From which severity on findings make the exit code 1. Default: high.'),
              ('--fail-on-indicators', 'Indicators, and duties that do not bind yet, count too.'),
              ('--require-tested ID,...', 'Exit 6 if one of these rules met no record.'),
              ('--waivers FILE', 'Findings that somebody accepts for a time.'),
              ('--baseline FILE', 'Findings in it are known and do not count.'),
              ('--write-baseline FILE', 'Write all findings into one.'),
              ('--annotate FILE',
               'Write a copy of the logs with what the rules see in each record, for `packs export '
               '--sigma`.'),
              ('--max-findings N', 'List so many of each rule and count the others; 0: all. Default: 1000.'),
              ('--max-state N', 'Keys that a rule over several records may keep. Default: 1000000.'),
              ('--merge', 'One finding a fact, with all rules and clauses.'),
              ('--explain', 'Each rule in full: clause, why, fix, false positives.'))),
            ('Which records',
             (('-u, --user ID', 'Id, e-mail or name of the user; repeat for or, * and ? are wildcards.'),
              ('-a, --agent ID', 'Id or name of the agent.'),
              ('-s, --session ID', 'Session id.'),
              ('-t, --trace ID', 'Trace id.'),
              ('--since TIME',
               'Not before: 2026-06-01, 2026-06-01T14:00Z, yesterday, 14:00 (UTC), or 3h, 2d (so long ago).'),
              ('--until TIME', 'Before.'),
              ('--own', "Also the log's records about itself (genesis, rotate, checkpoint, ...)."))),
            ('Whom is trusted',
             (('--signers FILE',
               "Whose signatures count: OpenSSH's allowed_signers, or a public key; from elsewhere than the "
               'log.'),
              ('--vkey FILE', 'A C2SP verifier key instead.'),
              ('--known SIZE:ROOT',
               'A head seen earlier, from a ticket or a CI log, or the line that `auditlog head` printed '
               'then: finds what was put back or rewritten.'),
              ('--require-heartbeat',
               'Checkpoints further apart than promised are a finding, not a warning.'))),
            ('Whom to tell',
             (('--alerts FILE',
               'The alerts log, which keeps what became of each finding; default: alerts.log of the policy.'),
              ('--webhook URL',
               'Post new findings there, signed with $AUDITLOG_WEBHOOK_SECRET; needs an alerts log.'),
              ('--email ADDRESS',
               'Write a letter about new findings, over the server of $AUDITLOG_SMTP or of the policy; needs '
               'an alerts log.'),
              ('--emit FILE', 'Append new findings as events, for a SIEM.'),
              ('--emit-as ecs|ocsf',
               'With --emit: Elastic Common Schema (the default), or OCSF Detection Finding (class 2004).'))),
            ('While it is written',
             (('--follow',
               'Go on as records arrive, until Ctrl-C; text and jsonl only. A log that is away for 60 s ends '
               'it.'),
              ('--lateness DURATION',
               'With --follow: records that come so late are still put in order. Default: 60s.'))),
            ('How they are shown',
             (('--sarif-waived omit|include',
               'With --format sarif: findings that are waived or known, as suppressed. GitHub would show '
               'them as open. Default: omit.'),
              ('--format text|json|jsonl|sarif|junit|github|markdown|html',
               'How it is shown. Default: text.'),
              ('--color auto|always|never', 'Colour in text output; auto heeds NO_COLOR. Default: auto.'),
              ('-o, --output FILE', 'Write to FILE, which appears whole or not at all.'),
              ('--no-index', 'Scan the log; neither use nor make its index.'),
              ('-q, --quiet', 'No notices on standard error; errors are still said.')))),
           'auditlog check audit.jsonl\n'
           'auditlog check audit.jsonl --pack gdpr --pack baseline --policy auditlog.policy.yaml\n'
           'auditlog check logs/ --pack finance --format sarif -o check.sarif\n'
           'auditlog check audit.jsonl --write-baseline known.json --fail-on never\n'
           'auditlog check audit.jsonl --baseline known.json --waivers waivers.yaml --format github\n'
           'auditlog check audit.jsonl --alerts alerts.jsonl --follow --webhook '
           'https://hooks.example.com/auditlog'),
 'compress': ('Compress the closed segments of a log, which verifies, is searched and is redacted as before.',
              'auditlog compress [OPTION]... PATH',
              'The log is verified first. Each segment is packed beside the plain one (Zstandard, seekable), '
              'read back and\n'
              'compared; only then the plain one goes, so that a crash leaves one whole segment at any '
              'moment. The active\n'
              'segment is never touched, and writers go on meanwhile. `zstd -d` unpacks it again.',
              (('Arguments', (('PATH', 'The log.'),)),
               ('What goes', (('-n, --dry-run', 'Only say what would go.'),)),
               ('How they are shown',
                (('-q, --quiet', 'No notices on standard error; errors are still said.'),))),
              'auditlog compress audit.jsonl --dry-run\nauditlog compress audit.jsonl'),
 'export': ('Write a log in a format of others. The log stays as it is, and stays the evidence.',
            'auditlog export [OPTION]... [PATH]...',
            'aat: Agent Audit Trail, a signed file for each session (--key is a P-256 key in PEM, of its '
            'own). tlog-tiles: the\n'
            'tree of a sealed log as static files (c2sp.org/tlog-tiles), without the values that can be '
            'withheld. otlp-logs:\n'
            'OpenTelemetry log records, from which `auditlog import` makes the same records again; '
            'otlp-spans: spans for trace\n'
            'viewers. For SIEMs: ocsf, ecs, cef, syslog, cloudevents. As tables: csv, parquet, sqlite, '
            'duckdb. otlp-*, syslog and\n'
            'cef go to a file, or with --endpoint to a receiver; `auditlog ship` sends a log that grows. '
            '--redact masks what goes\n'
            'out, by the profile that `auditlog redact` takes.',
            (('Arguments',
              (('[PATH]...',
                'Logs: files, folders, globs, - for standard input; .gz and .zst too. Without any: '
                '$AUDITLOG_LOG, else what is piped in, else ./audit.jsonl.'),)),
             ('Options',
              (('--to FORMAT',
                'ocsf, ecs, cef, syslog, cloudevents, otlp-logs, otlp-spans, csv, parquet, sqlite, duckdb, '
                'aat, tlog-tiles.'),
               ('-o, --output OUT', 'The file or folder, which appears whole or not at all; - is stdout.'),
               ('--endpoint URL',
                'Send it there instead. otlp-*: http(s)://, without a path /v1/logs, /v1/traces; syslog and '
                'cef: udp://HOST, tcp://HOST, tls://HOST.'),
               ('--ca FILE', "Whom TLS trusts, in PEM; default: the system's."),
               ('--cert FILE', 'Our certificate for a receiver that asks, in PEM.'),
               ('--cert-key FILE', 'Its private key, if not in the file of --cert.'),
               ('--redact PROFILE', 'Masked by this profile (docs/redact.md); the log stays as it is.'),
               ('--pseudonyms KEYFILE', 'With --redact: masks that keep equal values equal.'),
               ('--key FILE', 'What signs, for aat: a private P-256 key in PEM.'),
               ('--trust-level L0|L1|L2|L3|L4', 'For aat: what its records say. Default: L1.'),
               ('--content', 'For otlp-spans: with arguments, results, prompts and answers.'),
               ('--header NAME=VALUE', 'Send it along. Secrets: better in OTEL_EXPORTER_OTLP_HEADERS.'),
               ('--protobuf', 'OTLP in protobuf, not in JSON: auditlog-cli[otlp].'),
               ('--gzip', 'Compress requests.'),
               ('--batch N', 'So many records at most in a request. Default: 500.'),
               ('--retries N', 'So often try again after 429, 502, 503 and 504. Default: 5.'),
               ('--insecure', 'Allow http:// to another machine: anybody can read along.'))),
             ('Which records',
              (('-u, --user ID', 'Id, e-mail or name of the user; repeat for or, * and ? are wildcards.'),
               ('-a, --agent ID', 'Id or name of the agent.'),
               ('-s, --session ID', 'Session id.'),
               ('-t, --trace ID', 'Trace id.'),
               ('--since TIME',
                'Not before: 2026-06-01, 2026-06-01T14:00Z, yesterday, 14:00 (UTC), or 3h, 2d (so long '
                'ago).'),
               ('--until TIME', 'Before.'),
               ('-w, --where EXPR',
                "An expression over dotted paths, such as 'action.latency_ms > 500 and user.email ~ "
                "*@example.com'; see docs/expressions.md."))),
             ('For one format',
              (('--ocsf-version 1.8.0|1.9.0', '1.9.0 (in development) has ai_agent. Default: 1.8.0.'),
               ('--bulk', 'For ecs: the body of a _bulk request.'),
               ('--enterprise-number N', 'For syslog: of its structured data. Default: 32473.'))),
             ('Whom is trusted',
              (('--checkpoint FILE', 'The newest checkpoint, if it is not beside the log.'),)),
             ('How they are shown',
              (('-q, --quiet', 'No notices on standard error; errors are still said.'),))),
            'auditlog export audit.jsonl --to ecs --since 1d -o today.ndjson\n'
            'auditlog export audit.jsonl --to syslog --endpoint tls://siem.example.org:6514 --ca ca.pem\n'
            'auditlog export logs/ --to sqlite -o audit.db\n'
            'auditlog export audit.jsonl --to otlp-logs --redact redaction.yaml -o shared.otlp.jsonl\n'
            'auditlog export audit.jsonl --to tlog-tiles -o tiles\n'
            'auditlog export audit.jsonl --to aat --key aat.pem -o trail\n'
            'auditlog export audit.jsonl --to aat --key aat.pem --session s-42 -o trail\n'
            'auditlog export audit.jsonl --to otlp-logs -o audit.otlp.jsonl\n'
            'auditlog export audit.jsonl --to otlp-spans --endpoint http://127.0.0.1:4318 --session s-42'),
 'filter': ('Print the records that match, as they are stored.',
            'auditlog filter [OPTION]... [PATH]...',
            'Values of one option are alternatives, options add up: --user ann --user bob --status denied is '
            'what was\n'
            'denied to ann or to bob.',
            (('Arguments',
              (('[PATH]...',
                'Logs: files, folders, globs, - for standard input; .gz and .zst too. Without any: '
                '$AUDITLOG_LOG, else what is piped in, else ./audit.jsonl.'),)),
             ('Which records',
              (('-u, --user ID', 'Id, e-mail or name of the user; repeat for or, * and ? are wildcards.'),
               ('-a, --agent ID', 'Id or name of the agent.'),
               ('-s, --session ID', 'Session id.'),
               ('-t, --trace ID', 'Trace id.'),
               ('--tool NAME', 'Tool.'),
               ('--status WORD',
                'Result: success, error, denied, blocked, partial, timeout, pending, unknown.'),
               ('--type WORD', 'Kind of action: tool_invocation, llm_call, approval, message, ...'),
               ('--approved-by ID', 'Who approved, for the session or for the one action.'),
               ('--since TIME',
                'Not before: 2026-06-01, 2026-06-01T14:00Z, yesterday, 14:00 (UTC), or 3h, 2d (so long '
                'ago).'),
               ('--until TIME', 'Before.'),
               ('-w, --where EXPR',
                "An expression over dotted paths, such as 'action.latency_ms > 500 and user.email ~ "
                "*@example.com'; see docs/expressions.md."),
               ('-v, --invert-match', 'The records that do not match.'),
               ('--own', "Also the log's records about itself (genesis, rotate, checkpoint, ...)."))),
             ('How they are shown',
              (('-c, --count', 'Only how many.'),
               ('--count-by PATH', 'How many for each value at PATH, such as action.tool.'),
               ('-n, --limit N', 'Stop after N.'),
               ('-A, --after-context N', 'And the N next of the same session.'),
               ('-B, --before-context N', 'And the N before of the same session.'),
               ('-C, --context N', 'Both.'),
               ('--format text|raw|jsonl|json|csv|story',
                'text for people, raw: the stored bytes, jsonl or json: under the names of '
                'auditlog.record/1, csv, story: sentences. Default: text on a terminal, raw in a pipe.'),
               ('--color auto|always|never', 'Colour in text output; auto heeds NO_COLOR. Default: auto.'),
               ('-o, --output FILE', 'Write to FILE, which appears whole or not at all.'),
               ('--no-index', 'Scan the log; neither use nor make its index.'),
               ('--verbose', 'Say on standard error what was read, and how.'),
               ('-q, --quiet', 'No notices on standard error; errors are still said.'))),
             ('How they are read',
              (('--from SHAPE',
                'Take every line for this shape (auditlog, tutorial, ...), or every file for this format; '
                '`?` lists them.'),))),
            'auditlog filter audit.jsonl --user alice@example.com --since 3h\n'
            "auditlog filter logs/ --agent 'refund*' --status denied --status error --format text\n"
            "auditlog filter audit.jsonl --where 'action.latency_ms > 500 and not action.tool = search'\n"
            'auditlog filter audit.jsonl --session s-42 | jq -r .action.tool\n'
            'auditlog filter audit.jsonl --status denied --count-by user.id'),
 'head': ('Print the state of a log in one line: its name, how many records, their root, and the leaf of the '
          'last.',
          'auditlog head [OPTION]... PATH',
          'Keep that line where the log is not: in the output of a CI job, a ticket, a chat. Whoever has it '
          'can tell later\n'
          'whether records up to there were changed or taken away, even by somebody who has the key. The '
          'chain is\n'
          'checked on the way, but no signature.',
          (('Arguments', (('PATH', 'The log.'),)),),
          'auditlog head audit.jsonl\nauditlog head audit.jsonl >> "$GITHUB_STEP_SUMMARY"'),
 'import': ('Bring in what other programs logged: traces, transcripts, audit logs.',
            'auditlog import [OPTION]... SRC...',
            'One unit of the source (a span, a run, a line) is one record; ids and parents stay. Nothing is '
            'guessed: what the\n'
            'source does not say stays absent, or is said here and marked as supplied. Importing the same '
            'again adds nothing.\n'
            '\n'
            'Every command that reads takes the same files as they are.',
            (('Arguments', (('SRC...', 'Files, folders, globs, - for standard input; .gz and .zst too.'),)),
             ('Options',
              (('--from FORMAT',
                'Take every file for this format; default: told from the file. `?` lists them.'),
               ('-o, --output LOG', 'The log to write to, sealed; default: JSON lines to stdout.'),
               ('--all', 'Keep structural units, too, as records of type `span`.'),
               ('--again', 'Write units that the log holds already once more.'))),
             ('What the source does not say',
              (('-u, --user ID', 'user.id, where none is said.'),
               ('-a, --agent ID', 'agent.id, likewise.'),
               ('-s, --session ID', 'session_id, likewise.'),
               ('--scopes SCOPE', 'authorization.scopes; repeatable, or with commas.'),
               ('--approved-by ID', 'Who approved the session; with --approved-at.'),
               ('--approved-at TIME', 'When: RFC 3339.'),
               ('--tz +HH:MM', 'The zone of local times without one.'),
               ('--map MEMBER=PLACE',
                'user.id=extra.metadata.user_id: take it from there, in provenance.import.rest; '
                'repeatable.'))),
             ('How they are shown',
              (('-q, --quiet', 'No notices on standard error; errors are still said.'),))),
            'auditlog import trace.json -o audit.jsonl\n'
            'auditlog import ~/.claude/projects/app/ -o audit.jsonl --user ann@example.com\n'
            'auditlog import spans.json | auditlog trace 0af76519\n'
            "auditlog import --from '?'"),
 'keygen': ('Make a key pair to sign with: an OpenSSH Ed25519 key, the public half in FILE.pub.',
            'auditlog keygen [OPTION]... FILE',
            "What is printed is the line that an auditor needs, in the form of OpenSSH's allowed_signers: "
            'hand it over by\n'
            'another way than the log. Where the private half lies decides what a signature is worth: the '
            'best place is\n'
            "another user or another machine than the agents'. An existing SSH key (Ed25519) does as well.",
            (('Arguments', (('FILE', 'Where the private half goes; it must not be there yet.'),)),
             ('Options',
              (('--log PATH', 'The log that the key is to sign; its name goes into the line.'),
               ('--by NAME', 'Who is to sign with it what is withheld from a log.')))),
            'auditlog keygen seal.key --log audit.jsonl > signers\n'
            'auditlog keygen dpo.key --by dpo@example.org >> signers\n'
            'auditlog seal audit.jsonl --key seal.key'),
 'mcp-proxy': ('Stand between an MCP client and a server on standard input and output, and record every call '
               'of a tool.',
               'auditlog mcp-proxy [OPTION]... -- COMMAND...',
               "In the client's configuration, put it in front of the command that starts the server; "
               'neither is changed. Lines pass\n'
               'as they are. A call is on the disk before the server gets it; one that cannot be recorded '
               'does not get there: the\n'
               'client is told (-32603, "audit log not writable"), then and for every later call. A result '
               'that cannot be recorded\n'
               'is replaced by the same error. Elicitations are recorded as approvals.\n'
               '\n'
               'The exit code is that of the server (128 and the number of a signal that ended it), or 5 if '
               'the log failed.',
               (('Arguments', (('-- COMMAND...', 'What starts the server, and its arguments.'),)),
                ('Options',
                 (('--log FILE', 'The log that the calls go into; begun if it is not there.'),
                  ('-u, --user ID', 'For whom the client acts.'),
                  ('--agent ID', 'Who acts. Default: what the client calls itself.'),
                  ('--scopes SCOPE', 'What the agent may do; repeat, or part them with commas.'))),
                ('How they are shown',
                 (('-q, --quiet', 'No notices on standard error; errors are still said.'),))),
               'auditlog mcp-proxy --log audit.jsonl --user ann@example.com -- npx -y '
               '@example/orders-server\n'
               'auditlog mcp-proxy --log audit.jsonl --user ann@example.com --agent planner --scopes '
               'orders:read -- orders-server'),
 'prove': ('Prove to somebody who does not have the log that a record is in it, as it stands.',
           'auditlog prove [OPTION]... ID [PATH]',
           'Two files are written: OUT.jsonl, the record, and OUT.tlog-proof, a proof of a kilobyte under '
           'the newest signed\n'
           'checkpoint (c2sp.org/tlog-proof). Who has them and the public key can check them, here with '
           '--check, or with\n'
           'any tool for transparency logs. Values that were withheld stay withheld, and the proof holds all '
           'the same.\n'
           '\n'
           'With --consistency OLD it proves that the log, as it was signed last, begins with the state OLD '
           'that somebody kept,\n'
           'unchanged: OUT.consistency, the proof, and OUT.checkpoint, the later state.',
           (('Arguments',
             (('ID',
               'The record_id of a record, or its number (seq); with --consistency the log; with --check, '
               'OUT.'),
              ('[PATH]', 'The log.'))),
            ('Options',
             (('--consistency OLD',
               'Prove instead that the log only grew since OLD: an earlier checkpoint (a file), or '
               'SIZE:ROOT.'),
              ('--check', 'Check a proof instead of making one.'),
              ('-o, --output OUT', 'What the two files are called; default: record-ID, or grown.'))),
            ('Whom is trusted',
             (('--signers FILE',
               "Whose signatures count: OpenSSH's allowed_signers, or a public key; from elsewhere than the "
               'log.'),
              ('--checkpoint FILE', 'The newest checkpoint, if it is not beside the log.'))),
            ('How they are shown', (('--no-index', 'Scan the log; neither use nor make its index.'),))),
           'auditlog prove 17 audit.jsonl -o evidence\n'
           'auditlog prove --check evidence --signers signers\n'
           'auditlog prove --consistency july.checkpoint audit.jsonl -o since-july\n'
           'auditlog prove --check since-july --consistency july.checkpoint --signers signers'),
 'prune': ('Delete the oldest closed segments of a log once all of their records are older than TIME.',
           'auditlog prune [OPTION]... PATH',
           'The log says that, when and why they went, and PATH.pruned.json keeps the few hashes that let '
           'what stays be\n'
           'verified and proved as before. A segment with a record under a legal hold (`auditlog hold`, or\n'
           'retention.legal_hold) stays, and with it all that is newer; --despite-hold deletes it all the '
           'same, and the log says\n'
           'which holds were passed over. There is no way back: keep a copy elsewhere if you may need one.',
           (('Arguments', (('PATH', 'The log.'),)),
            ('What goes',
             (('--older-than TIME', '400d, 52w, or a date.'),
              ('--reason TEXT', 'Why, for the record.'),
              ('--keep-holds', 'Keep what is under a legal hold: the default, for scripts to say.'),
              ('--despite-hold',
               'Also records under a legal hold (`auditlog hold list`, retention.legal_hold), which stay as '
               'they are otherwise.'),
              ('-n, --dry-run', 'Only say what would go.'),
              ('--yes', 'Do not ask.'))),
            ('How they are shown',
             (('-q, --quiet', 'No notices on standard error; errors are still said.'),))),
           'auditlog prune audit.jsonl --older-than 400d --dry-run\n'
           'auditlog prune audit.jsonl --older-than 400d --reason "retention schedule 7" --yes'),
 'recover': ('Begin a log anew that is gone, though its checkpoint or its stub is still there.',
             'auditlog recover [OPTION]... PATH',
             'No writer does that by itself: who deletes a log must not get a clean one. Look for a copy '
             'first. The new log has a\n'
             'name of its own; its second record says for ever which log is gone, and how many records that '
             'were. What was left\n'
             'of that one is kept as PATH.checkpoint.lost. A torn end needs no command: the next append '
             'repairs it.',
             (('Arguments', (('PATH', 'The log.'),)),
              ('Options',
               (('--accept-loss', 'The records are gone, and no copy is left: the new log says so.'),)),
              ('How they are shown',
               (('-q, --quiet', 'No notices on standard error; errors are still said.'),))),
             'auditlog recover audit.jsonl --accept-loss'),
 'redact': ('Take personal data and secrets out: masked on the way through, or withheld from a sealed log '
            'that still verifies.',
            'auditlog redact [OPTION]... [PATH]...',
            'Of a log without a seal, or of standard input, masked lines come out (<EMAIL_ADDRESS>); the log '
            'stays as it is.\n'
            'A sealed log is changed, and there is no way back: what is withheld is gone from these files, '
            'and its hashes and\n'
            'signatures stay valid. Copies elsewhere (backups, shippers, search indexes) are not reached. A '
            'signed record in\n'
            'the log says which places were withheld, by whom and why. Writers may go on meanwhile. Exit '
            'code: 0 done, or\n'
            'nothing to do; 1 something was left readable, or with --check or --dry-run something would go; '
            '6 a line could\n'
            'not be looked at, or a field of --fields seems to be misspelt.',
            (('Arguments',
              (('[PATH]...',
                'Logs: files, folders, globs, - for standard input; .gz and .zst too. Without any: '
                '$AUDITLOG_LOG, else what is piped in, else ./audit.jsonl.'),)),
             ('What goes',
              (('--entities NAME,...',
                'What detectors find: EMAIL_ADDRESS,SECRET,... (see `auditlog detectors list`) in arguments, '
                'results, errors, prompts, responses, messages and metadata.'),
               ('--min-confidence certain|likely|possible', 'The least that is taken; else likely.'),
               ('--fields PATH,...',
                'Values at these dotted paths, such as user.email,action.arguments.to; * is any name; a '
                'block means all in it.'),
               ('--profile FILE', 'These settings from a file (docs/redact.md).'),
               ('--pseudonyms KEYFILE',
                'Masks that keep equal values equal: <EMAIL_ADDRESS:3f9a1c2b>. Not for sealed logs.'),
               ('--findings FILE',
                'Exactly the places in the output of `auditlog check --format jsonl` or `redact --check '
                '--format jsonl`.'),
               ('--rule ID', 'Of --findings only those of this rule.'),
               ('--check', 'Change nothing; exit 1 and say where if something would go.'),
               ('--subject ID',
                'Whatever holds an identifier of one person, in the whole log: id, e-mail, ...; repeat for '
                'each. Needs --request.'),
               ('--whole, --tombstone',
                'Whole records; with --subject those where an identifier stands in a place that cannot be '
                'withheld.'),
               ('--despite-hold',
                'Also records under a legal hold (`auditlog hold list`, retention.legal_hold), which stay as '
                'they are otherwise.'),
               ('-n, --dry-run', 'Only say what would go.'),
               ('--yes', 'Do not ask.'),
               ('--resume', 'Finish a redaction that was interrupted: what your --key signed.'),
               ('-o, --output COPY',
                'Write there instead: of a sealed log a redacted copy and its signed manifest '
                '(COPY.manifest.json), of others the masked lines.'))),
             ('How they are shown',
              (('--format text|jsonl|sarif|junit|github', 'With --check: how it is shown. Default: text.'),
               ('-q, --quiet', 'No notices on standard error; errors are still said.'))),
             ('Which records',
              (('--record ID|SEQ', 'Id or number of a record.'),
               ('-u, --user ID', 'Id, e-mail or name of the user; repeat for or, * and ? are wildcards.'),
               ('-a, --agent ID', 'Id or name of the agent.'),
               ('-s, --session ID', 'Session id.'),
               ('-t, --trace ID', 'Trace id.'),
               ('--tool NAME', 'Tool.'),
               ('--status WORD',
                'Result: success, error, denied, blocked, partial, timeout, pending, unknown.'),
               ('--type WORD', 'Kind of action: tool_invocation, llm_call, approval, message, ...'),
               ('--approved-by ID', 'Who approved, for the session or for the one action.'),
               ('--since TIME',
                'Not before: 2026-06-01, 2026-06-01T14:00Z, yesterday, 14:00 (UTC), or 3h, 2d (so long '
                'ago).'),
               ('--until TIME', 'Before.'),
               ('-w, --where EXPR',
                "An expression over dotted paths, such as 'action.latency_ms > 500 and user.email ~ "
                "*@example.com'; see docs/expressions.md."))),
             ('Who says so',
              (('--by NAME', 'Who withholds; stays in the log.'),
               ('--reason TEXT', 'Why; stays in the log.'),
               ('--request N', "The case number of the person's request; stays in the log."),
               ('--key FILE',
                'Your private key: OpenSSH, Ed25519. Not one that an agent can read. A .pub file stands for '
                'a key in the agent.'),
               ('--unsigned',
                'Without a key: nobody can check who withheld, and verifiers that know your key refuse '
                'it.')))),
            'auditlog redact --check audit.jsonl\n'
            'auditlog redact --check logs/ --format sarif -o unmasked.sarif\n'
            'auditlog tail -f audit.jsonl | auditlog redact > masked.jsonl\n'
            'auditlog redact plain.jsonl --entities EMAIL_ADDRESS,SECRET --fields user.name -o masked.jsonl\n'
            'auditlog redact plain.jsonl --findings findings.jsonl --rule GDPR-5-1-C-01 -o masked.jsonl\n'
            'auditlog redact audit.jsonl --fields user.email --session s-42 --dry-run\n'
            'auditlog redact audit.jsonl --fields user.email,action.arguments.to --by me --reason "case 17" '
            '--key my.key\n'
            'auditlog redact audit.jsonl --subject u-17 --request 17 --by me --reason erasure --key my.key\n'
            'auditlog redact audit.jsonl --fields user,prompt,response -o shared.jsonl --key my.key'),
 'report': ('Summarise a period for auditors and management: what ran, who approved, findings by clause, '
            'what was not tested.',
            'auditlog report [OPTION]... [PATH]...',
            'Without --from and --to it is the whole log, from the oldest record until now, and the summary '
            'says so. Records\n'
            'before the period are read as far back as the rules look; findings count where their record '
            'lies in it. Deadlines\n'
            'are judged at --as-of (default: --to, or now if that is earlier); the same inputs and --as-of '
            'give the same bytes.\n'
            'Exit code: 0; 1 with --fail-on, if findings count; 3 an input is missing; 4 a pack, policy or '
            'waiver is wrong; 6 not\n'
            'everything could be judged. A summary is evidence, and never says that all is well.',
            (('Arguments',
              (('[PATH]...',
                'Logs: files, folders, globs, - for standard input; .gz and .zst too. Without any: '
                '$AUDITLOG_LOG, else what is piped in, else ./audit.jsonl.'),)),
             ('Which period',
              (('--from TIME',
                'The first moment: RFC 3339, or a date (midnight UTC). Default: the oldest record.'),
               ('--to TIME',
                'The moment behind the last one. Default: --as-of or now, or behind the newest record.'))),
             ('Which rules',
              (('-p, --pack, --rules NAME|FILE',
                'A shipped pack (`auditlog packs list`) or a file; repeat for more. Else those of the '
                'policy, else baseline.'),
               ('--only-policy NAME', 'Only this bundle of the policy file.'),
               ('--experimental', 'Experimental rules, too.'))),
             ('Options',
              (('--policy FILE|NAME',
                'The policy file, or one bundle of the file that lies here; default: auditlog.policy.yaml or '
                '.json in the working directory.'),
               ('--no-policy', 'Without a policy, even where one lies here.'),
               ('--as-of TIME', 'The "now" of all rules; default: the clock. Makes a run repeatable.'),
               ('--alerts FILE', 'The alerts log; default: alerts.log of the policy, if it is there.'))),
             ('What counts',
              (('--fail-on critical|high|medium|low|info|never',
                'From which severity on findings make the exit code 1. Default: never.'),
               ('--fail-on-indicators', 'Indicators, and duties that do not bind yet, count too.'),
               ('--waivers FILE', 'Findings that somebody accepts for a time.'),
               ('--baseline FILE', 'Findings in it are known and do not count.'))),
             ('Whom is trusted',
              (('--signers FILE',
                "Whose signatures count: OpenSSH's allowed_signers, or a public key; from elsewhere than the "
                'log.'),
               ('--vkey FILE', 'A C2SP verifier key instead.'),
               ('--known SIZE:ROOT',
                'A head seen earlier, from a ticket or a CI log, or the line that `auditlog head` printed '
                'then: finds what was put back or rewritten.'))),
             ('How they are shown',
              (('--format markdown|html|json',
                'markdown; html: one file that reads and prints well; json: auditlog.summary/1. Default: '
                'markdown.'),
               ('-o, --output FILE', 'Write to FILE, which appears whole or not at all.'),
               ('-q, --quiet', 'No notices on standard error; errors are still said.')))),
            'auditlog report audit.jsonl\n'
            'auditlog report audit.jsonl --from 2026-10-01 --to 2026-11-01 --pack gdpr --format html -o '
            'october.html\n'
            'auditlog report logs/ --from 2026-07-01 --to 2026-10-01 --alerts alerts.jsonl --waivers '
            'waivers.yaml'),
 'schema': ('Print a published JSON Schema, or list them.',
            'auditlog schema [OPTION]... [NAME]',
            'Each format that this tool writes has one (JSON Schema 2020-12). They come with the '
            'installation; nothing\n'
            'is fetched.',
            (('Arguments',
              (('[NAME]', 'Which: record, finding, validation, ... Without it their names are listed.'),)),
             ('How they are shown',
              (('-o, --output FILE', 'Write to FILE, which appears whole or not at all.'),))),
            'auditlog schema\nauditlog schema record\nauditlog schema validation -o validation.schema.json'),
 'seal': ('Sign the state of a log: how many records, and the one hash that stands for all of them.',
          'auditlog seal [OPTION]... PATH',
          'Refuses, and changes nothing, if the log does not extend what was signed last, or if the key has '
          'handed over to\n'
          'another one. The signature goes into the log, if this user may write there, and into '
          'PATH.checkpoint; `ssh-keygen -Y\n'
          "verify` and openssl check it as well as `auditlog verify`. A log that was never sealed (anybody's "
          'JSON Lines) is\n'
          'signed as it is, from outside; with --redactable, each of its values gets a salt in PATH.salts, '
          'so that `auditlog\n'
          'redact` can withhold it later.\n'
          '\n'
          'The agents must not be able to read the key: run `auditlog seal --watch` as another user.',
          (('Arguments', (('PATH', 'The log.'),)),
           ('How it is signed',
            (('--key FILE', 'The private key: OpenSSH, Ed25519. A .pub file stands for a key in the agent.'),
             ('--watch', 'Go on, and sign again whenever there is more.'),
             ('--every SECONDS', 'How often --watch looks. Default: 60.'),
             ('--checkpoint FILE', 'Put the checkpoint there, and do not touch the log.'),
             ('--redactable',
              'For a log that others write: a salt for each value, in PATH.salts, so that it can be withheld '
              'later. Belongs to the first seal; as secret as the log.'),
             ('--successor FILE',
              'The private key that signs from now on; --key is the old one, which says so in the log.'))),
           ('How they are shown',
            (('-q, --quiet', 'No notices on standard error; errors are still said.'),))),
          'auditlog seal audit.jsonl --key seal.key\n'
          'auditlog seal audit.jsonl --key seal.key --watch --every 30\n'
          'auditlog seal audit.jsonl --key seal.key --checkpoint /srv/elsewhere/audit.checkpoint\n'
          'auditlog seal audit.jsonl --key seal.key --successor seal-2027.key > signers\n'
          'auditlog seal old.jsonl --key seal.key --redactable'),
 'serve': ('Take records over HTTP, from programs in any language, and write them to one log.',
           'auditlog serve [OPTION]... PATH',
           "Speaks AgentAudit's API (its client needs only another base_url), OTLP (traces and logs; JSON "
           'and protobuf), the\n'
           "wire of LangSmith and of Langfuse, and takes the events of Claude Code's hooks. A request is "
           'answered when the\n'
           'disk has its records; while the log cannot be written the answer is 507. This machine only, '
           'unless --allow-remote\n'
           'says otherwise. SIGINT and SIGTERM end it: what has begun is answered first.\n'
           '\n'
           "Needs the extra: pip install 'auditlog-cli[serve]'.",
           (('Arguments', (('PATH', 'The log.'),)),
            ('Who may speak to it',
             (('--host ADDRESS', 'Where to listen; default: 127.0.0.1 and ::1.'),
              ('-p, --port N', '0 for any free one. Default: 8811.'),
              ('--allow-remote', 'Other machines may reach it, with a key.'),
              ('--keys FILE', "The API keys' hashes; default: PATH.keys."),
              ('--new-key NAME', 'Make a key, print it once, and end.'),
              ('--person',
               'The new key is that of the person NAME: it may resolve alerts and change policies.'))),
            ('Options',
             (('--max-body BYTES', 'The largest body of a request, unpacked. Default: 1048576.'),
              ('--alerts FILE', 'The alerts log; default: alerts.log of the policy, else $AUDITLOG_ALERTS.'),
              ('--policy FILE', 'The policy file: its bundles are listed among the policies.'))),
            ('How they are shown',
             (('-q, --quiet', 'No notices on standard error; errors are still said.'),))),
           'auditlog serve audit.jsonl\n'
           'auditlog serve audit.jsonl --new-key billing\n'
           'auditlog serve audit.jsonl --new-key ann@example.org --person\n'
           'auditlog serve audit.jsonl --host 0.0.0.0 --allow-remote --port 8811'),
 'ship': ('Send logs to a receiver, and remember how far: the next run goes on where this one stopped.',
          'auditlog ship [OPTION]... [PATH]...',
          'The cursor moves once the receiver has confirmed. Nothing is lost, and nothing is sent twice, but '
          'for the last\n'
          'batch of a run that was killed before it could note the answer: `record_id` tells such a '
          'repetition, and in a\n'
          'sealed log the number of the record. otlp-spans: a trace is sent once it has ended. syslog and '
          'cef confirm nothing:\n'
          'over TCP and TLS a batch counts as taken when the receiver has read to its end; UDP is refused.\n'
          '\n'
          '--redact masks what goes out, by the profile that `auditlog redact` takes; a cursor that has sent '
          'masked records\n'
          'sends no others.\n'
          '\n'
          'Ends when all that is there was sent; with --follow it goes on with what is added, until somebody '
          'stops it.',
          (('Arguments',
            (('[PATH]...',
              'Logs: files, folders, globs, - for standard input; .gz and .zst too. Without any: '
              '$AUDITLOG_LOG, else what is piped in, else ./audit.jsonl.'),)),
           ('Options',
            (('--to FORMAT', 'otlp-logs, otlp-spans, syslog or cef. Default: otlp-logs.'),
             ('--endpoint URL', 'The receiver; for syslog and cef tcp://HOST or tls://HOST.'),
             ('--cursor FILE', 'Where it is noted how far the logs were sent.'),
             ('-f, --follow', 'Go on with what is added.'),
             ('--once', 'Send what is there, and end: the default, for scripts to say.'),
             ('--header NAME=VALUE', 'Send it along. Secrets: better in OTEL_EXPORTER_OTLP_HEADERS.'),
             ('--protobuf', 'OTLP in protobuf, not in JSON: auditlog-cli[otlp].'),
             ('--gzip', 'Compress requests.'),
             ('--content', 'For otlp-spans: with arguments, results, prompts and answers.'),
             ('--redact PROFILE', 'Masked by this profile (docs/redact.md); the log stays as it is.'),
             ('--pseudonyms KEYFILE', 'With --redact: masks that keep equal values equal.'),
             ('--ca FILE', "Whom TLS trusts, in PEM; default: the system's."),
             ('--cert FILE', 'Our certificate for a receiver that asks, in PEM.'),
             ('--cert-key FILE', 'Its private key, if not in the file of --cert.'),
             ('--batch N', 'So many records at most in a request. Default: 500.'),
             ('--retries N', 'So often try again after 429, 502, 503 and 504. Default: 5.'),
             ('--insecure', 'Allow http:// to another machine: anybody can read along.'))),
           ('For one format',
            (('--enterprise-number N', 'For syslog: of its structured data. Default: 32473.'),)),
           ('How they are shown',
            (('-q, --quiet', 'No notices on standard error; errors are still said.'),))),
          'auditlog ship audit.jsonl --endpoint https://otel.example.org --cursor audit.cursor\n'
          'auditlog ship audit.jsonl --endpoint http://127.0.0.1:4318 --cursor audit.cursor --follow\n'
          'auditlog ship audit.jsonl --endpoint https://otel.example.org --cursor audit.cursor --redact '
          'redaction.yaml\n'
          'auditlog ship audit.jsonl --to otlp-spans --endpoint http://127.0.0.1:6006 --protobuf --cursor '
          'spans.cursor\n'
          'auditlog ship audit.jsonl --to syslog --endpoint tls://siem.example.org --ca ca.pem --cursor '
          'siem.cursor --follow'),
 'sql': ('Ask logs a question in SQL. Needs the extra `duckdb`.',
         'auditlog sql [OPTION]... QUERY [PATH]...',
         'The table `records` has the envelope in columns and the whole record as JSON in the column '
         '`record`; `describe\n'
         'records` lists them. A query reads that table and nothing else: no file, no network. On a terminal '
         'a table keeps to\n'
         'its width: what is too wide is folded, and what cannot be becomes a list for each row.',
         (('Arguments',
           (('QUERY', 'One SELECT over the table records.'),
            ('[PATH]...',
             'Logs: files, folders, globs, - for standard input; .gz and .zst too. Without any: '
             '$AUDITLOG_LOG, else what is piped in, else ./audit.jsonl.'))),
          ('Which records',
           (('--own', "Also the log's records about itself (genesis, rotate, checkpoint, ...)."),)),
          ('How they are shown',
           (('--format table|json|jsonl|csv', 'How the answer is printed. Default: table.'),
            ('-o, --output FILE', 'Write to FILE, which appears whole or not at all.'),
            ('-q, --quiet', 'No notices on standard error; errors are still said.')))),
         'auditlog sql "select tool, count(*) from records group by all order by 2 desc" audit.jsonl\n'
         'auditlog sql "select user_id, record->>\'$.action.error.type\' as error from records where error '
         'is not null" logs/\n'
         'auditlog sql "from records where \'refunds:write\' in scopes" audit.jsonl --format jsonl'),
 'stats': ('Say what a log adds up to: how many, when, who, which tools, errors, approvals, latencies.',
           'auditlog stats [OPTION]... [PATH]...',
           '',
           (('Arguments',
             (('[PATH]...',
               'Logs: files, folders, globs, - for standard input; .gz and .zst too. Without any: '
               '$AUDITLOG_LOG, else what is piped in, else ./audit.jsonl.'),)),
            ('How they are shown',
             (('--by PATH', 'Tell the values at PATH apart, such as agent.id; repeatable.'),
              ('--top N', 'How many values of each; 0 for all. Default: 10.'),
              ('--format text|json|jsonl|csv', 'Default: text.'),
              ('--color auto|always|never', 'Colour in text output; auto heeds NO_COLOR. Default: auto.'),
              ('-o, --output FILE', 'Write to FILE, which appears whole or not at all.'),
              ('--no-index', 'Scan the log; neither use nor make its index.'),
              ('--verbose', 'Say on standard error what was read, and how.'),
              ('-q, --quiet', 'No notices on standard error; errors are still said.'))),
            ('Which records',
             (('-u, --user ID', 'Id, e-mail or name of the user; repeat for or, * and ? are wildcards.'),
              ('-a, --agent ID', 'Id or name of the agent.'),
              ('-s, --session ID', 'Session id.'),
              ('-t, --trace ID', 'Trace id.'),
              ('--tool NAME', 'Tool.'),
              ('--status WORD',
               'Result: success, error, denied, blocked, partial, timeout, pending, unknown.'),
              ('--type WORD', 'Kind of action: tool_invocation, llm_call, approval, message, ...'),
              ('--approved-by ID', 'Who approved, for the session or for the one action.'),
              ('--since TIME',
               'Not before: 2026-06-01, 2026-06-01T14:00Z, yesterday, 14:00 (UTC), or 3h, 2d (so long ago).'),
              ('--until TIME', 'Before.'),
              ('-w, --where EXPR',
               "An expression over dotted paths, such as 'action.latency_ms > 500 and user.email ~ "
               "*@example.com'; see docs/expressions.md."))),
            ('How they are read',
             (('--from SHAPE',
               'Take every line for this shape (auditlog, tutorial, ...), or every file for this format; `?` '
               'lists them.'),))),
           'auditlog stats audit.jsonl\n'
           'auditlog stats logs/ --by user.id --by action.tool --since 7d\n'
           'auditlog stats audit.jsonl --by agent.id --format csv'),
 'tail': ('Show the last actions of a log, and go on as they arrive.',
          'auditlog tail [OPTION]... [PATH]...',
          'Only the end of the log is read. With selectors, the last records that match.',
          (('Arguments',
            (('[PATH]...',
              'Logs: files, folders, globs, - for standard input; .gz and .zst too. Without any: '
              '$AUDITLOG_LOG, else what is piped in, else ./audit.jsonl.'),)),
           ('How they are shown',
            (('-n, --lines N', 'How many of the last records; -20 for short. Default: 10.'),
             ('--format text|raw|jsonl|json|csv|story',
              'text for people, raw: the stored bytes, jsonl or json: under the names of auditlog.record/1, '
              'csv, story: sentences. Default: text on a terminal, raw in a pipe.'),
             ('--color auto|always|never', 'Colour in text output; auto heeds NO_COLOR. Default: auto.'),
             ('-o, --output FILE', 'Write to FILE, which appears whole or not at all.'),
             ('--verbose', 'Say on standard error what was read, and how.'),
             ('-q, --quiet', 'No notices on standard error; errors are still said.'))),
           ('How they are read',
            (('-f, --follow', 'Go on as records arrive; survives rotation, truncation and late creation.'),
             ('--from SHAPE',
              'Take every line for this shape (auditlog, tutorial, ...), or every file for this format; `?` '
              'lists them.'))),
           ('Which records',
            (('-u, --user ID', 'Id, e-mail or name of the user; repeat for or, * and ? are wildcards.'),
             ('-a, --agent ID', 'Id or name of the agent.'),
             ('-s, --session ID', 'Session id.'),
             ('-t, --trace ID', 'Trace id.'),
             ('--tool NAME', 'Tool.'),
             ('--status WORD',
              'Result: success, error, denied, blocked, partial, timeout, pending, unknown.'),
             ('--type WORD', 'Kind of action: tool_invocation, llm_call, approval, message, ...'),
             ('--approved-by ID', 'Who approved, for the session or for the one action.'),
             ('--since TIME',
              'Not before: 2026-06-01, 2026-06-01T14:00Z, yesterday, 14:00 (UTC), or 3h, 2d (so long ago).'),
             ('--until TIME', 'Before.'),
             ('-w, --where EXPR',
              "An expression over dotted paths, such as 'action.latency_ms > 500 and user.email ~ "
              "*@example.com'; see docs/expressions.md."),
             ('--own', "Also the log's records about itself (genesis, rotate, checkpoint, ...).")))),
          'auditlog tail audit.jsonl\n'
          'auditlog tail -20 audit.jsonl\n'
          'auditlog tail -f audit.jsonl --status denied --status error\n'
          'auditlog tail -n 50 logs/ --agent refunder --format story'),
 'trace': ('Draw what happened as a tree: who called what, on whose behalf, how it ended, how long it took.',
           'auditlog trace [OPTION]... ID [PATH]...',
           'ID is a trace, a session (each of its traces is drawn) or a span (its trace is drawn, and the '
           'span marked).\n'
           'A place in the tree rests on the parent that a record names. Where none is named, something '
           'weaker may\n'
           'tell: the same tool-call id, the delegation chain, the time; such a branch is dotted and says '
           'which. What\n'
           'contradicts itself is drawn and named: parents that are missing, circles, clocks that disagree.',
           (('Arguments',
             (('ID',
               'A trace, session or span id, or the beginning of one (4 characters or more); - for the '
               'records that bear no id.'),
              ('[PATH]...',
               'Logs: files, folders, globs, - for standard input; .gz and .zst too. Without any: '
               '$AUDITLOG_LOG, else what is piped in, else ./audit.jsonl.'))),
            ('How they are shown',
             (('--chain SPAN', 'Only what leads to SPAN: its parents from the root down.'),
              ('-d, --depth N', 'Draw N levels; what is deeper is counted.'),
              ('--all', 'Draw everything, long runs of the same call too.'),
              ('--format text|json|mermaid|dot',
               'text: a tree; json: auditlog.trace/1 (`auditlog schema trace`), every node whatever --depth '
               'says; mermaid, dot: a graph for other tools. Default: text.'),
              ('--color auto|always|never', 'Colour in text output; auto heeds NO_COLOR. Default: auto.'),
              ('-o, --output FILE', 'Write to FILE, which appears whole or not at all.'),
              ('--no-index', 'Scan the log; neither use nor make its index.'),
              ('--verbose', 'Say on standard error what was read, and how.'),
              ('-q, --quiet', 'No notices on standard error; errors are still said.'))),
            ('How they are read',
             (('--from SHAPE',
               'Take every line for this shape (auditlog, tutorial, ...), or every file for this format; `?` '
               'lists them.'),))),
           'auditlog trace trace_4p8r1q audit.jsonl\n'
           'auditlog trace sess_9x logs/ --depth 3\n'
           'auditlog trace trace_4p8r1q audit.jsonl --chain s-transfer\n'
           'auditlog trace trace_4p8r1q audit.jsonl --format mermaid'),
 'traces': ('List the traces of a log, the newest first: when, who, which agents, calls, errors, how long.',
            'auditlog traces [OPTION]... [PATH]...',
            'With selectors: every trace with a record that matches; the numbers are of the whole trace. '
            'What bears\n'
            'no trace id is listed by its session; what bears neither, as `-`.',
            (('Arguments',
              (('[PATH]...',
                'Logs: files, folders, globs, - for standard input; .gz and .zst too. Without any: '
                '$AUDITLOG_LOG, else what is piped in, else ./audit.jsonl.'),)),
             ('How they are shown',
              (('-n, --limit N', 'Only the N that began last.'),
               ('--format text|json|jsonl|csv', 'Default: text.'),
               ('--color auto|always|never', 'Colour in text output; auto heeds NO_COLOR. Default: auto.'),
               ('-o, --output FILE', 'Write to FILE, which appears whole or not at all.'),
               ('--no-index', 'Scan the log; neither use nor make its index.'),
               ('--verbose', 'Say on standard error what was read, and how.'),
               ('-q, --quiet', 'No notices on standard error; errors are still said.'))),
             ('Which records',
              (('-u, --user ID', 'Id, e-mail or name of the user; repeat for or, * and ? are wildcards.'),
               ('-a, --agent ID', 'Id or name of the agent.'),
               ('-s, --session ID', 'Session id.'),
               ('--tool NAME', 'Tool.'),
               ('--status WORD',
                'Result: success, error, denied, blocked, partial, timeout, pending, unknown.'),
               ('--type WORD', 'Kind of action: tool_invocation, llm_call, approval, message, ...'),
               ('--approved-by ID', 'Who approved, for the session or for the one action.'),
               ('--since TIME',
                'Not before: 2026-06-01, 2026-06-01T14:00Z, yesterday, 14:00 (UTC), or 3h, 2d (so long '
                'ago).'),
               ('--until TIME', 'Before.'),
               ('-w, --where EXPR',
                "An expression over dotted paths, such as 'action.latency_ms > 500 and user.email ~ "
                "*@example.com'; see docs/expressions.md."))),
             ('How they are read',
              (('--from SHAPE',
                'Take every line for this shape (auditlog, tutorial, ...), or every file for this format; '
                '`?` lists them.'),))),
            'auditlog traces audit.jsonl\n'
            'auditlog traces logs/ --user alice@example.org --since 7d\n'
            'auditlog traces audit.jsonl --status denied -n 20\n'
            'auditlog traces audit.jsonl --format csv -o traces.csv'),
 'validate': ('Say what is wrong with a log: line by line, in words, and which of the six questions it '
              'answers.',
              'auditlog validate [OPTION]... [PATH]...',
              'Who is the user? Who is the agent? What was it authorized to do? What did it do? On whose '
              'behalf? Was it\n'
              'approved by a human? A value that was withheld counts as there, but unknown. Lines of other '
              'shapes are\n'
              'judged by what they say under any name; nothing is guessed. Exit code: 0 all valid, 1 '
              'something found,\n'
              '3 something could not be looked at.',
              (('Arguments',
                (('[PATH]...',
                  'Logs: files, folders, globs, - for standard input; .gz and .zst too. Without any: '
                  '$AUDITLOG_LOG, else what is piped in, else ./audit.jsonl.'),)),
               ('Which records',
                (('--profile six-questions|record',
                  'six-questions: types, formats, and every one of the six questions answered; record: '
                  'types, formats and envelope only (what an imported foreign log must reach). Default: '
                  'six-questions.'),
                 ('--strict', 'Report members that the schema does not know, too.'))),
               ('How they are shown',
                (('--max-errors N',
                  'Explain the first N findings and count the others; 0 explains all. Default: 100.'),
                 ('--format text|json|jsonl|github|sarif|junit',
                  'text for people; json: one report, jsonl: one finding a line (`auditlog schema` has '
                  'both); github: annotations, sarif: code scanning, junit: test dashboards. Default: text.'),
                 ('--color auto|always|never', 'Colour in text output; auto heeds NO_COLOR. Default: auto.'),
                 ('-o, --output FILE', 'Write to FILE, which appears whole or not at all.'),
                 ('-q, --quiet', 'No notices on standard error; errors are still said.'))),
               ('How they are read',
                (('--from SHAPE',
                  'Take every line for this shape (auditlog, tutorial, ...), or every file for this format; '
                  '`?` lists them.'),))),
              'auditlog validate audit.jsonl\n'
              'auditlog validate logs/ --profile record --max-errors 0\n'
              'auditlog validate audit.jsonl --format sarif -o audit.sarif'),
 'verify': ('Prove that a log is what was written: nothing changed, removed, reordered, withheld in secret, '
            'put back.',
            'auditlog verify [OPTION]... [PATH]...',
            'Without a key it says whether the records form one unbroken chain. With --signers (get the file '
            'from somebody\n'
            'else than the log) it says who signed which of them. It always says what it could not check. It '
            'works while others\n'
            'write. Exit code: 0 intact, 1 tampering found, 3 could not look, 4 a key file is wrong, 6 the '
            'end is torn, or not\n'
            'signed although that was asked for.\n'
            '\n'
            'With --session or --trace it looks only at the records of that id, by the index of the log '
            'where there is one:\n'
            'whether each is well formed, is the one that the record behind it names, and is one of those '
            'that were signed. It\n'
            'says nothing of other records, nor whether one of them was changed so that it names another '
            'session.',
            (('Arguments',
              (('[PATH]...',
                'Logs: files, folders, globs, - for standard input; .gz and .zst too. Without any: '
                '$AUDITLOG_LOG, else what is piped in, else ./audit.jsonl.'),)),
             ('Options',
              (('-s, --session ID', 'Only the records of this session.'),
               ('-t, --trace ID', 'Only those of this trace.'))),
             ('Whom is trusted',
              (('--signers FILE',
                "Whose signatures count: OpenSSH's allowed_signers, or a public key; from elsewhere than the "
                'log.'),
               ('--vkey FILE', 'A C2SP verifier key instead.'),
               ('--at TIME', 'Keys must be valid at TIME; default: when each record was made.'),
               ('--revoked FILE',
                'Keys that count no more: a key revocation list (ssh-keygen -k), or public keys.'),
               ('--known SIZE:ROOT',
                'A head seen earlier, from a ticket or a CI log, or the line that `auditlog head` printed '
                'then: finds what was put back or rewritten.'),
               ('--anchor WHERE',
                'A checkpoint kept elsewhere: a file (a time stamp lies beside it as FILE.tsr), or '
                'git:REPOSITORY[@REVISION]; repeatable. `auditlog anchor` makes them.'),
               ('--tsa-ca FILE', 'Certificates of the time-stamping authorities that are trusted, PEM.'),
               ('--witness-key FILE',
                'Verifier keys of the witnesses that are trusted (C2SP, NAME+ID+KEY), one a line.'),
               ('--manifest FILE', 'The manifest of a shared copy: it declares what is withheld there.'),
               ('--checkpoint FILE', 'The newest checkpoint, if it is not beside the log.'),
               ('--remember, --no-remember',
                'Compare with what this log was when it was last verified, and keep it for the next time '
                '($XDG_STATE_HOME/auditlog/heads.json).'),
               ('--require-signed-tail', 'Exit 6 if records are not covered by a checkpoint.'),
               ('--require-heartbeat',
                'Checkpoints further apart than promised are a finding, not a warning.'))),
             ('How they are shown',
              (('--no-index', 'Scan the log; neither use nor make its index.'),
               ('--format text|json|sarif|junit',
                'text for people; json: auditlog.verification/1 (`auditlog schema verification`); sarif, '
                'junit: for other tools. Default: text.'),
               ('--json', 'The same as --format json.'),
               ('--color auto|always|never', 'Colour in text output; auto heeds NO_COLOR. Default: auto.'),
               ('-o, --output FILE', 'Write to FILE, which appears whole or not at all.'),
               ('--verbose', 'Say on standard error what was read, and how.'),
               ('-q, --quiet', 'No notices on standard error; errors are still said.')))),
            'auditlog verify audit.jsonl\n'
            'auditlog verify audit.jsonl --signers allowed_signers --require-signed-tail\n'
            'auditlog verify audit.jsonl --signers allowed_signers --checkpoint '
            '/srv/sealer/audit.checkpoint\n'
            'auditlog verify audit.jsonl --anchor git:/srv/heads --anchor audit.jsonl.4096.checkpoint '
            '--tsa-ca tsa.pem\n'
            'auditlog verify audit.jsonl --session refund-1042 --signers allowed_signers\n'
            'auditlog verify logs/ --format junit -o verify.xml'),
 'alerts ack': ('Say that a person has seen alerts and looks after them. All of them are acknowledged, or '
                'none.',
                'auditlog alerts ack [OPTION]... FINGERPRINT...',
                '',
                (('Arguments',
                  (('FINGERPRINT...', 'Which alerts: fingerprints, or what they begin with (4 digits).'),)),
                 ('Who says so',
                  (('--by WHO', 'The person; never an agent.'),
                   ('--why, --reason TEXT', 'Why; stays in the alerts log.'))),
                 ('Options',
                  (('--alerts FILE',
                    'The alerts log; default: alerts.log of the policy, else $AUDITLOG_ALERTS.'),
                   ('--policy FILE',
                    'The policy; default: auditlog.policy.yaml or .json in the working directory.')))),
                'auditlog alerts acknowledge 3f9a1c2b --by ann@example.org --why "asking the vendor" '
                '--alerts alerts.jsonl'),
 'alerts acknowledge': ('Say that a person has seen alerts and looks after them. All of them are '
                        'acknowledged, or none.',
                        'auditlog alerts acknowledge [OPTION]... FINGERPRINT...',
                        '',
                        (('Arguments',
                          (('FINGERPRINT...',
                            'Which alerts: fingerprints, or what they begin with (4 digits).'),)),
                         ('Who says so',
                          (('--by WHO', 'The person; never an agent.'),
                           ('--why, --reason TEXT', 'Why; stays in the alerts log.'))),
                         ('Options',
                          (('--alerts FILE',
                            'The alerts log; default: alerts.log of the policy, else $AUDITLOG_ALERTS.'),
                           ('--policy FILE',
                            'The policy; default: auditlog.policy.yaml or .json in the working '
                            'directory.')))),
                        'auditlog alerts acknowledge 3f9a1c2b --by ann@example.org --why "asking the vendor" '
                        '--alerts alerts.jsonl'),
 'alerts list': ('List alerts: what state each is in, since when, which rule, where, and who spoke about it '
                 'last.',
                 'auditlog alerts list [OPTION]...',
                 'Exit code: 0; 3 if there is no alerts log; 6 if it has bad lines.',
                 (('Options',
                   (('--state open|acknowledged|resolved', 'Only those in this state.'),
                    ('--since TIME', 'Only those that came into their state since: a date, or 3h, 2d.'),
                    ('--alerts FILE',
                     'The alerts log; default: alerts.log of the policy, else $AUDITLOG_ALERTS.'),
                    ('--policy FILE',
                     'The policy; default: auditlog.policy.yaml or .json in the working directory.'),
                    ('--format text|json|jsonl',
                     'text for people, json or jsonl (one alert a line) for programs. Default: text.'))),
                  ('How they are shown',
                   (('-o, --output FILE', 'Write to FILE, which appears whole or not at all.'),))),
                 'auditlog alerts list --alerts alerts.jsonl --state open\n'
                 'auditlog alerts list --since 2d --format jsonl'),
 'alerts resolve': ('Say that a person has dealt with alerts, and what came of it. All of them are resolved, '
                    'or none.',
                    'auditlog alerts resolve [OPTION]... FINGERPRINT...',
                    'This is no waiver: the finding counts in the next check unless it is gone, waived or in '
                    'the baseline, and the alert\n'
                    'opens again when the fact comes back in a younger record.',
                    (('Arguments',
                      (('FINGERPRINT...',
                        'Which alerts: fingerprints, or what they begin with (4 digits).'),)),
                     ('Who says so',
                      (('--by WHO', 'The person; never an agent.'),
                       ('--why, --reason TEXT', 'Why; stays in the alerts log.'),
                       ('--outcome fixed|false_positive|accepted|not_applicable', 'What came of it.'))),
                     ('Options',
                      (('--alerts FILE',
                        'The alerts log; default: alerts.log of the policy, else $AUDITLOG_ALERTS.'),
                       ('--policy FILE',
                        'The policy; default: auditlog.policy.yaml or .json in the working directory.')))),
                    'auditlog alerts resolve 3f9a1c2b --by ann@example.org --why "fixed in 1.5" --outcome '
                    'fixed --alerts alerts.jsonl'),
 'alerts show': ('Show one alert: every rule and clause that names the fact, where, what to do, who was '
                 'told, who said what.',
                 'auditlog alerts show [OPTION]... FINGERPRINT',
                 '',
                 (('Arguments',
                   (('FINGERPRINT', 'Which alert: its fingerprint, or what it begins with (4 digits).'),)),
                  ('Options',
                   (('--alerts FILE',
                     'The alerts log; default: alerts.log of the policy, else $AUDITLOG_ALERTS.'),
                    ('--policy FILE',
                     'The policy; default: auditlog.policy.yaml or .json in the working directory.'),
                    ('--format text|json|jsonl',
                     'text for people, json or jsonl (one alert a line) for programs. Default: text.'))),
                  ('How they are shown',
                   (('-o, --output FILE', 'Write to FILE, which appears whole or not at all.'),))),
                 'auditlog alerts show 3f9a1c2b --alerts alerts.jsonl'),
 'detectors list': ('List the entities that are found, and what others call them.',
                    'auditlog detectors list [OPTION]...',
                    'Every name and every alias can be given where an entity is asked for; SECRET stands for '
                    'every SECRET_*.',
                    (('Options',
                      (('--detectors FILE',
                        'Detectors of your own: auditlog.detectors/1 in YAML or JSON, or a policy with '
                        'scan.detectors.'),
                       ('--format text|json', 'text for people, json for programs. Default: text.'))),),
                    'auditlog detectors list\n'
                    'auditlog detectors list --detectors acme.yaml\n'
                    'auditlog detectors list --format json'),
 'detectors show': ('Show how an entity is found: where its candidates come from, context words, source, '
                    'aliases.',
                    'auditlog detectors show [OPTION]... ENTITY',
                    '',
                    (('Arguments',
                      (('ENTITY', 'An entity, SECRET, or what Presidio, Google DLP or gitleaks call it.'),)),
                     ('Options',
                      (('--detectors FILE',
                        'Detectors of your own: auditlog.detectors/1 in YAML or JSON, or a policy with '
                        'scan.detectors.'),
                       ('--format text|json', 'text for people, json for programs. Default: text.')))),
                    'auditlog detectors show CREDIT_CARD\n'
                    'auditlog detectors show SECRET\n'
                    'auditlog detectors show US_SOCIAL_SECURITY_NUMBER'),
 'detectors test': ('Prove the detectors by their own samples; or tell what a text would give.',
                    'auditlog detectors test [OPTION]... [TEXT|-]',
                    'Without TEXT every detector must find its samples and pass over its near misses; those '
                    'of --detectors FILE, too.\n'
                    'With TEXT, or - for the lines of standard input: where something would be found, what, '
                    'and how sure. The values\n'
                    'are never shown. Exit code: 0; 1 if a sample fails, or if TEXT holds something.',
                    (('Arguments', (('[TEXT|-]', 'What to look at; - for the lines of standard input.'),)),
                     ('Options',
                      (('--key NAME', 'The name of the member that holds the text: the best context.'),
                       ('--entities NAME,...', 'Only these: names, aliases, SECRET for every SECRET_*.'),
                       ('--min-confidence certain|likely|possible',
                        'The least that counts. Default: possible.'),
                       ('--detectors FILE',
                        'Detectors of your own: auditlog.detectors/1 in YAML or JSON, or a policy with '
                        'scan.detectors.'),
                       ('--format text|json', 'text for people, json for programs. Default: text.')))),
                    'auditlog detectors test\n'
                    'auditlog detectors test --detectors acme.yaml\n'
                    'auditlog detectors test --detectors auditlog.policy.yaml\n'
                    'auditlog detectors test "card 4111 1111 1111 1111"\n'
                    'auditlog detectors test 111000025 --key routing_number\n'
                    'git diff | auditlog detectors test - --entities SECRET --min-confidence likely'),
 'hold add': ('Put records under a legal hold: prune does not delete them, redact does not withhold from '
              'them.',
              'auditlog hold add [OPTION]... PATH',
              'Values of one option are alternatives, options add up; records that come later are held as '
              'well. What cannot be\n'
              'judged (a withheld session, a missing time) is held. The name of the hold is printed. With '
              '--key it is signed, and\n'
              'only the same key releases it. What --subject names stands in the log, and can be withheld '
              'once it is released.',
              (('Arguments', (('PATH', 'The log.'),)),
               ('Which records',
                (('-s, --session ID', 'Session id.'),
                 ('-a, --agent ID', 'Id or name of the agent.'),
                 ('--subject ID',
                  'Whatever holds an identifier of one person: id, e-mail, ...; repeat for each.'),
                 ('--since TIME',
                  'Not before: 2026-06-01, 2026-06-01T14:00Z, yesterday, 14:00 (UTC), or 3h, 2d (so long '
                  'ago).'),
                 ('--until TIME', 'Before.'),
                 ('--all', 'The whole log.'))),
               ('Who says so',
                (('--by NAME', 'Who; stays in the log.'),
                 ('--reason TEXT', 'Why; stays in the log.'),
                 ('--key FILE',
                  'Your private key: OpenSSH, Ed25519. Only the key that signed a hold releases it.'))),
               ('How they are shown',
                (('-q, --quiet', 'No notices on standard error; errors are still said.'),))),
              'auditlog hold add audit.jsonl --session s-42 --by counsel@example.org --reason "case 17"\n'
              'auditlog hold add audit.jsonl --subject u-17 --by counsel@example.org --reason "case 17" '
              '--key counsel.key\n'
              'auditlog hold add audit.jsonl --since 2026-03-01 --until 2026-04-01 --by counsel --reason '
              '"audit of March"\n'
              'auditlog hold add audit.jsonl --all --by counsel --reason "case 18"'),
 'hold list': ('List the legal holds of a log: those in force, those that were released, and releases that '
               'do not count.',
               'auditlog hold list [OPTION]... PATH',
               'Who a hold is about is counted, not shown. Records with `retention.legal_hold: true` hold '
               'themselves and are not\n'
               'listed. Exit code: 0; 1 if a release does not count, or with --signers a hold is not signed '
               'by whom it names.',
               (('Arguments', (('PATH', 'The log.'),)),
                ('Options',
                 (('--signers FILE',
                   "Whose signatures count: OpenSSH's allowed_signers; from elsewhere than the log."),
                  ('--format text|json', 'text for people, json for programs. Default: text.')))),
               'auditlog hold list audit.jsonl\n'
               'auditlog hold list audit.jsonl --signers signers --format json'),
 'hold release': ('Release a legal hold: from now on prune and redact may take what it held.',
                  'auditlog hold release [OPTION]... PATH HOLD',
                  'The release is written down, too, with who and why. A signed hold is released with the '
                  'key that signed it,\n'
                  'and none by an agent: what an agent appends to the log by itself counts for nothing.',
                  (('Arguments',
                    (('PATH', 'The log.'), ('HOLD', 'Its name, as `auditlog hold list` shows it.'))),
                   ('Who says so',
                    (('--by NAME', 'Who; stays in the log.'),
                     ('--reason TEXT', 'Why; stays in the log.'),
                     ('--key FILE',
                      'Your private key: OpenSSH, Ed25519. Only the key that signed a hold releases it.'))),
                   ('How they are shown',
                    (('-q, --quiet', 'No notices on standard error; errors are still said.'),))),
                  'auditlog hold release audit.jsonl hold-1c9a77e0 --by counsel@example.org --reason "case '
                  '17 is closed"\n'
                  'auditlog hold release audit.jsonl hold-1c9a77e0 --by counsel --reason "settled" --key '
                  'counsel.key'),
 'hook claude-code': ('Record one event of Claude Code, which calls this as a command hook and hands the '
                      'event to standard input.',
                      'auditlog hook claude-code [OPTION]...',
                      'What cannot be recorded does not happen: before an act, any failure is exit code 2 '
                      'and one line on standard error,\n'
                      'which blocks the act. After an act it is exit code 0 and a word to Claude Code that '
                      'ends the run. Other exit codes\n'
                      'there are none, for Claude Code ignores them.',
                      (('Options',
                        (('-l, --log LOG', 'The log to write to; default: $AUDITLOG_LOG.'),
                         ('--redact PROFILE',
                          'Mask before writing: a redaction profile (.yaml), or dotted paths with commas.'),
                         ('--print-settings', 'Print what belongs into settings.json, and read no event.'))),
                       ('Who acts',
                        (('-u, --user ID', 'For whom Claude Code works; default: $AUDITLOG_USER.'),
                         ('--user-from os|git',
                          "Where else to take the user from: the account's name, or git's user.email. The "
                          'record says which (user.auth_method).'),
                         ('-a, --agent ID', 'agent.id. Default: claude-code.'),
                         ('--scopes SCOPE', 'What it may do; repeatable, or with commas.')))),
                      'auditlog hook claude-code --log ~/audit/claude.jsonl --user ann@example.com '
                      '--print-settings\n'
                      'auditlog hook claude-code --log ~/audit/claude.jsonl --user ann@example.com < '
                      'event.json'),
 'hook install': ('Put the hook into the settings of Claude Code. Everything else in them stays; installing '
                  'again changes nothing.',
                  'auditlog hook install [OPTION]...',
                  'New sessions of Claude Code use it at once. Other options given a second time take the '
                  'place of the first.',
                  (('Options',
                    (('-l, --log LOG', 'The log to write to; default: $AUDITLOG_LOG.'),
                     ('--redact PROFILE',
                      'Mask before writing: a redaction profile (.yaml), or dotted paths with commas.'))),
                   ('Who acts',
                    (('-u, --user ID', 'For whom Claude Code works; default: $AUDITLOG_USER.'),
                     ('--user-from os|git',
                      "Where else to take the user from: the account's name, or git's user.email. The record "
                      'says which (user.auth_method).'),
                     ('-a, --agent ID', 'agent.id. Default: claude-code.'),
                     ('--scopes SCOPE', 'What it may do; repeatable, or with commas.'))),
                   ('Which settings',
                    (('--settings FILE', 'The settings file; wins over --place.'),
                     ('--place user|project|local',
                      '~/.claude/settings.json; .claude/settings.json of this folder, for all who work in '
                      'it; .claude/settings.local.json, for you alone. Default: user.'),
                     ('-n, --dry-run', 'Only say what would change.'))),
                   ('How they are shown',
                    (('-q, --quiet', 'No notices on standard error; errors are still said.'),))),
                  'auditlog hook install --log ~/audit/claude.jsonl --user ann@example.com\n'
                  'auditlog hook install --log audit.jsonl --user-from git --place local --dry-run'),
 'hook uninstall': ('Take the hook out of the settings of Claude Code. Everything else in them stays, and so '
                    'does the log.',
                    'auditlog hook uninstall [OPTION]...',
                    '',
                    (('Which settings',
                      (('--settings FILE', 'The settings file; wins over --place.'),
                       ('--place user|project|local',
                        '~/.claude/settings.json; .claude/settings.json of this folder, for all who work in '
                        'it; .claude/settings.local.json, for you alone. Default: user.'),
                       ('-n, --dry-run', 'Only say what would change.'))),
                     ('How they are shown',
                      (('-q, --quiet', 'No notices on standard error; errors are still said.'),))),
                    'auditlog hook uninstall\nauditlog hook uninstall --place local --dry-run'),
 'index build': ('Make the index of a log, or bring it up to date.',
                 'auditlog index build [OPTION]... [PATH]...',
                 'What was indexed before and has not changed since is taken over. Bad lines are in it, too: '
                 'a query says of them\n'
                 'what it would say without an index.',
                 (('Arguments',
                   (('[PATH]...',
                     'Logs: files, folders, globs, - for standard input; .gz and .zst too. Without any: '
                     '$AUDITLOG_LOG, else what is piped in, else ./audit.jsonl.'),)),
                  ('How they are shown',
                   (('-q, --quiet', 'No notices on standard error; errors are still said.'),))),
                 'auditlog index build audit.jsonl\nauditlog index build logs/'),
 'index drop': ('Delete the index of a log. The log itself is not touched.',
                'auditlog index drop [OPTION]... [PATH]...',
                '',
                (('Arguments',
                  (('[PATH]...',
                    'Logs: files, folders, globs, - for standard input; .gz and .zst too. Without any: '
                    '$AUDITLOG_LOG, else what is piped in, else ./audit.jsonl.'),)),
                 ('How they are shown',
                  (('-q, --quiet', 'No notices on standard error; errors are still said.'),))),
                'auditlog index drop audit.jsonl'),
 'index status': ('Say which index there is, and how much of the log it covers.',
                  'auditlog index status [OPTION]... [PATH]...',
                  'With --check all that is indexed is indexed once more, and compared. Exit code: 0; 1 if '
                  'that differs; an index\n'
                  'that is missing, stale or behind costs time only, and is no finding.',
                  (('Arguments',
                    (('[PATH]...',
                      'Logs: files, folders, globs, - for standard input; .gz and .zst too. Without any: '
                      '$AUDITLOG_LOG, else what is piped in, else ./audit.jsonl.'),)),
                   ('Options', (('--check', 'Index the log once more, and compare.'),)),
                   ('How they are shown',
                    (('--format text|json|jsonl|csv', 'Default: text.'),
                     ('-o, --output FILE', 'Write to FILE, which appears whole or not at all.')))),
                  'auditlog index status audit.jsonl\nauditlog index status logs/ --check'),
 'packs export': ('Write rules as Sigma files, for teams that want to see the logic in their own search '
                  'tool.',
                  'auditlog packs export [OPTION]... [PACK]...',
                  'About three quarters of the rules have a Sigma form; the first lines of each file name '
                  'what was lost. What Sigma\n'
                  'cannot say is expected in the fields that `auditlog check --annotate` adds. The '
                  'recommended way to a SIEM is the\n'
                  'findings themselves. Rules without a form are listed in DIR/not-exported.txt, each with '
                  'the reason.',
                  (('Arguments',
                    (('[PACK]...', 'Packs: names of shipped ones, or files. Without any: all shipped.'),)),
                   ('Options', (('--sigma DIR', 'A folder that is new or empty.'),))),
                  'auditlog packs export --sigma sigma/\n'
                  'auditlog packs export --sigma sigma/ gdpr owasp-agentic'),
 'packs lint': ('Say what is wrong with packs: unknown names, cases that are missing, expressions a log '
                'could stall.',
                'auditlog packs lint [OPTION]... [FILE]...',
                'Errors go to standard output and give exit code 4; warnings go to standard error and give '
                '0. Regular expressions\n'
                'are tried on hostile texts, which takes a second or two.',
                (('Arguments',
                  (('[FILE]...',
                    'Packs: files, or names of shipped ones. Without any: those of the policy.'),)),
                 ('Options',
                  (('--policy FILE',
                    'The policy; default: auditlog.policy.yaml or .json in the working directory.'),
                   ('--as-of TIME', 'The "now" of all rules; default: the clock. Makes a run repeatable.')))),
                'auditlog packs lint acme-gdpr.yaml\nauditlog packs lint gdpr hipaa'),
 'packs list': ('List the packs there are: the shipped ones, and your own that the policy names.',
                'auditlog packs list [OPTION]...',
                'The number of rules leaves out library logics, which run only where another rule extends '
                'them.',
                (('Options',
                  (('--policy FILE',
                    'The policy; default: auditlog.policy.yaml or .json in the working directory.'),
                   ('--no-policy', 'Without a policy, even where one lies here.'))),
                 ('How they are shown',
                  (('--format text|json|jsonl|csv', 'Default: text.'),
                   ('-o, --output FILE', 'Write to FILE, which appears whole or not at all.')))),
                'auditlog packs list\nauditlog packs list --format json'),
 'packs new': ('Begin a pack of your own, NAME.yaml: one rule with its cases, or a copy of another pack.',
               'auditlog packs new [OPTION]... NAME',
               'A copy holds every rule in full and does not follow its origin; `auditlog packs lint` says '
               'when that one has\n'
               'changed. A file that is there already stays as it is.',
               (('Arguments', (('NAME', 'Its name: small letters, digits and -. Makes NAME.yaml.'),)),
                ('Options',
                 (('--from PACK', 'Copy this one: a shipped pack or a file.'),
                  ('--prefix P', 'What the ids begin with; default: the first word of NAME in capitals.')))),
               'auditlog packs new acme\nauditlog packs new acme-gdpr --from gdpr --prefix ACME'),
 'packs show': ('Show a pack (what it is, what it cannot check, its rules) or the page of one rule, with '
                'logic and cases.',
                'auditlog packs show [OPTION]... NAME',
                '',
                (('Arguments', (('NAME', 'A shipped pack, the file of a pack, or the id of a rule.'),)),
                 ('Options',
                  (('--policy FILE',
                    'The policy; default: auditlog.policy.yaml or .json in the working directory.'),)),
                 ('How they are shown',
                  (('-o, --output FILE', 'Write to FILE, which appears whole or not at all.'),))),
                'auditlog packs show gdpr\n'
                'auditlog packs show GDPR-9-01\n'
                'auditlog packs show acme-gdpr.yaml'),
 'packs test': ('Run the cases that stand in the rules: each hit must be found, each pass must not.',
                'auditlog packs test [OPTION]... [PACK]...',
                'Cases run through the same engine and detectors as `auditlog check`, with the site facts of '
                'the example policy.\n'
                'What did not come out as it must is printed, exit code 1.',
                (('Arguments',
                  (('[PACK]...', 'Packs: names of shipped ones, or files. Without any: all shipped.'),)),
                 ('How they are shown',
                  (('-q, --quiet', 'No notices on standard error; errors are still said.'),))),
                'auditlog packs test\nauditlog packs test acme-gdpr.yaml'),
 'policy init': ('Draft a policy from what a log shows: its tools, agents, models, providers and hosts.',
                 'auditlog policy init [OPTION]... [PATH]...',
                 'The draft says what happened, not what may happen. Nothing is guessed: which scopes a tool '
                 'needs, or whether it\n'
                 'sends data outside, is for you to fill in. A file that is there already stays as it is.',
                 (('Arguments',
                   (('[PATH]...',
                     'Logs: files, folders, globs, - for standard input; .gz and .zst too. Without any: '
                     '$AUDITLOG_LOG, else what is piped in, else ./audit.jsonl.'),)),
                  ('Options', (('--name NAME', 'The name of the policy file. Default: draft.'),)),
                  ('How they are read',
                   (('--from SHAPE',
                     'Take every line for this shape (auditlog, tutorial, ...), or every file for this '
                     'format; `?` lists them.'),)),
                  ('How they are shown',
                   (('-o, --output FILE', 'Write to FILE, which appears whole or not at all.'),
                    ('-q, --quiet', 'No notices on standard error; errors are still said.')))),
                 'auditlog policy init audit.jsonl -o auditlog.policy.yaml\n'
                 'auditlog policy init logs/ --name acme'),
 'policy lint': ('Say what a policy says that cannot be meant: a tool never reached, a parameter no rule '
                 'has, limits at odds.',
                 'auditlog policy lint [OPTION]... [FILE]',
                 "Detectors of the site's own (`scan.detectors`) must find their samples, and a rule must "
                 'ask for them.\n'
                 '\n'
                 'What is wrong in itself (an unknown key, a pack that is not there) is an error, exit code '
                 '4. What deserves a second\n'
                 'look is printed, exit code 1.',
                 (('Arguments',
                   (('[FILE]',
                     'The policy; default: auditlog.policy.yaml or .json in the working directory.'),)),
                  ('Options',
                   (('--as-of TIME',
                     'The "now" of all rules; default: the clock. Makes a run repeatable.'),))),
                 'auditlog policy lint\nauditlog policy lint acme.policy.yaml'),
 'policy show': ('Show what a policy comes to: every rule for every group of agents, what it is set to, or '
                 'why it does not run.',
                 'auditlog policy show [OPTION]... [FILE]',
                 "Detectors of the site's own (`scan.detectors`) follow, each with the rules that ask for "
                 'what it finds; then the\n'
                 'registered agents with their owners, if any has one.',
                 (('Arguments',
                   (('[FILE]',
                     'The policy; default: auditlog.policy.yaml or .json in the working directory.'),)),
                  ('Options',
                   (('--as-of TIME',
                     'The "now" of all rules; default: the clock. Makes a run repeatable.'),)),
                  ('How they are shown',
                   (('--format text|json|jsonl|csv', 'Default: text.'),
                    ('-o, --output FILE', 'Write to FILE, which appears whole or not at all.')))),
                 'auditlog policy show\nauditlog policy show acme.policy.yaml --format csv')}
