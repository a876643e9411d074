"""Generated from the Typer definition by `make docs` (cli/generate.py). Do not edit."""

PAGES: dict[str, tuple[str, str, str, tuple[tuple[str, tuple[tuple[str, str], ...]], ...], str]] = {'bundle': ('Pack the records of a session or a trace as evidence, for somebody who has neither the log nor '
            'this tool.',
            'auditlog bundle [OPTION]... ID PATH',
            'The zip file holds the records as they stand, a proof for each under the newest signed '
            'checkpoint, a checker that\n'
            'needs nothing but Python, and a page that says how to check who signed, with OpenSSL. It does '
            'not hold the\n'
            'public key: hand that over by another way.',
            (('Arguments', (('ID', 'A session or trace id, whole.'), ('PATH', 'The log.'))),
             ('How they are shown',
              (('-o, --output FILE', 'Write to FILE, which appears whole or not at all.'),
               ('-q, --quiet', 'No notices on standard error; errors are still said.')))),
            'auditlog bundle refund-1042 audit.jsonl -o evidence.zip\n'
            'auditlog bundle 4bf92f3577b34da6a3ce929d0e0e4736 audit.jsonl -o evidence.zip'),
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
               ('--since TIME', 'Not before: 2026-06-01, 2026-06-01T14:00Z, or 3h, 2d (so long ago).'),
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
               ('--color auto|always|never', 'Colour in text output; auto heeds NO_COLOR.'),
               ('-o, --output FILE', 'Write to FILE, which appears whole or not at all.'),
               ('--verbose', 'Say on standard error what was read, and how.'),
               ('-q, --quiet', 'No notices on standard error; errors are still said.'))),
             ('How they are read',
              (('--from SHAPE', 'Take every line for this shape: auditlog, tutorial, agentaudit.'),))),
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
          'auditlog head audit.jsonl\nauditlog head audit.jsonl >> $GITHUB_STEP_SUMMARY'),
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
              ('--signers FILE',
               "Whose signatures count: OpenSSH's allowed_signers, or a public key; from elsewhere than the "
               'log.'),
              ('-o, --output OUT', 'What the two files are called; default: record-ID, or grown.'))),
            ('Whom is trusted',
             (('--checkpoint FILE', 'The newest checkpoint, if it is not beside the log.'),))),
           'auditlog prove 17 audit.jsonl -o evidence\n'
           'auditlog prove --check evidence --signers signers\n'
           'auditlog prove --consistency july.checkpoint audit.jsonl -o since-july\n'
           'auditlog prove --check since-july --consistency july.checkpoint --signers signers'),
 'prune': ('Delete the oldest closed segments of a log once all of their records are older than TIME.',
           'auditlog prune [OPTION]... PATH',
           'The log says that, when and why they went, and PATH.pruned.json keeps the few hashes that let '
           'what stays be\n'
           'verified and proved as before. A segment with a record under a legal hold (retention.legal_hold) '
           'stays, and with\n'
           'it all that is newer. There is no way back: keep a copy elsewhere if you may need one.',
           (('Arguments', (('PATH', 'The log.'),)),
            ('What goes',
             (('--older-than TIME', '400d, 52w, or a date.'),
              ('--reason TEXT', 'Why, for the record.'),
              ('-n, --dry-run', 'Only say what would go.'),
              ('--yes', 'Do not ask.'))),
            ('How they are shown',
             (('-q, --quiet', 'No notices on standard error; errors are still said.'),))),
           'auditlog prune audit.jsonl --older-than 400d --dry-run\n'
           'auditlog prune audit.jsonl --older-than 400d --reason "retention schedule 7" --yes'),
 'redact': ('Withhold values of a sealed log for ever; its hashes and signatures stay valid.',
            'auditlog redact [OPTION]... [PATH]...',
            'There is no way back: what is withheld is gone from these files. Copies elsewhere (backups, '
            'shippers, search\n'
            'indexes) are not reached. A signed record in the log says which places were withheld, by whom '
            'and why. Digests\n'
            'of the same content go with it. Writers may go on meanwhile. Exit code: 0 done, or nothing to '
            'do; 1 something\n'
            'was left readable, or with --dry-run something would go; 6 a line could not be looked at.',
            (('Arguments',
              (('[PATH]...',
                'Logs: files, folders, globs, - for standard input; .gz and .zst too. Without any: '
                '$AUDITLOG_LOG, else what is piped in, else ./audit.jsonl.'),)),
             ('What goes',
              (('--fields PATH,...',
                'Values at these dotted paths, such as user.email,action.arguments.to; * is any name; a '
                'block means all in it.'),
               ('--subject ID',
                'Whatever holds an identifier of one person, in the whole log: id, e-mail, ...; repeat for '
                'each. Needs --request.'),
               ('--whole',
                'Whole records; with --subject those where an identifier stands in a place that cannot be '
                'withheld.'),
               ('--despite-hold',
                'Also records under a legal hold (retention.legal_hold), which stay as they are otherwise.'),
               ('-n, --dry-run', 'Only say what would go.'),
               ('--yes', 'Do not ask.'),
               ('--resume', 'Finish a redaction that was interrupted: what your --key signed.'),
               ('-o, --output COPY',
                'Leave the log as it is, and write a redacted copy and its signed manifest '
                '(COPY.manifest.json).'))),
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
               ('--since TIME', 'Not before: 2026-06-01, 2026-06-01T14:00Z, or 3h, 2d (so long ago).'),
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
                'it.'))),
             ('How they are shown',
              (('-q, --quiet', 'No notices on standard error; errors are still said.'),))),
            'auditlog redact audit.jsonl --fields user.email --session s-42 --dry-run\n'
            'auditlog redact audit.jsonl --fields user.email,action.arguments.to --by me --reason "case 17" '
            '--key my.key\n'
            'auditlog redact audit.jsonl --subject u-17 --request 17 --by me --reason erasure --key my.key\n'
            'auditlog redact audit.jsonl --fields user,prompt,response -o shared.jsonl --key my.key'),
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
          'Refuses, and changes nothing, if the log does not extend what was signed last. The signature goes '
          'into the\n'
          'log, if this user may write there, and into PATH.checkpoint; `ssh-keygen -Y verify` and openssl '
          'check it as\n'
          "well as `auditlog verify`. A log that was never sealed (anybody's JSON Lines) is signed as it is, "
          'from outside; with\n'
          '--redactable, each of its values gets a salt in PATH.salts, so that `auditlog redact` can '
          'withhold it later.\n'
          '\n'
          'The agents must not be able to read the key: run `auditlog seal --watch` as another user.',
          (('Arguments', (('PATH', 'The log.'),)),
           ('How it is signed',
            (('--key FILE', 'The private key: OpenSSH, Ed25519. A .pub file stands for a key in the agent.'),
             ('--watch', 'Go on, and sign again whenever there is more.'),
             ('--every SECONDS', 'How often --watch looks.'),
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
 'stats': ('Say what a log adds up to: how many, when, who, which tools, errors, approvals, latencies.',
           'auditlog stats [OPTION]... [PATH]...',
           '',
           (('Arguments',
             (('[PATH]...',
               'Logs: files, folders, globs, - for standard input; .gz and .zst too. Without any: '
               '$AUDITLOG_LOG, else what is piped in, else ./audit.jsonl.'),)),
            ('How they are shown',
             (('--by PATH', 'Tell the values at PATH apart, such as agent.id; repeatable.'),
              ('--top N', 'How many values of each; 0 for all.'),
              ('--format text|json|jsonl|csv', 'Default: text.'),
              ('--color auto|always|never', 'Colour in text output; auto heeds NO_COLOR.'),
              ('-o, --output FILE', 'Write to FILE, which appears whole or not at all.'),
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
              ('--since TIME', 'Not before: 2026-06-01, 2026-06-01T14:00Z, or 3h, 2d (so long ago).'),
              ('--until TIME', 'Before.'),
              ('-w, --where EXPR',
               "An expression over dotted paths, such as 'action.latency_ms > 500 and user.email ~ "
               "*@example.com'; see docs/expressions.md."))),
            ('How they are read',
             (('--from SHAPE', 'Take every line for this shape: auditlog, tutorial, agentaudit.'),))),
           'auditlog stats audit.jsonl\n'
           'auditlog stats logs/ --by user.id --by action.tool --since 7d\n'
           'auditlog stats audit.jsonl --by agent.name --format csv'),
 'tail': ('Show the last actions of a log, and go on as they arrive.',
          'auditlog tail [OPTION]... [PATH]...',
          'Only the end of the log is read. With selectors, the last records that match.',
          (('Arguments',
            (('[PATH]...',
              'Logs: files, folders, globs, - for standard input; .gz and .zst too. Without any: '
              '$AUDITLOG_LOG, else what is piped in, else ./audit.jsonl.'),)),
           ('How they are shown',
            (('-n, --lines N', 'How many of the last records.'),
             ('--format text|raw|jsonl|json|csv|story',
              'text for people, raw: the stored bytes, jsonl or json: under the names of auditlog.record/1, '
              'csv, story: sentences. Default: text on a terminal, raw in a pipe.'),
             ('--color auto|always|never', 'Colour in text output; auto heeds NO_COLOR.'),
             ('-o, --output FILE', 'Write to FILE, which appears whole or not at all.'),
             ('--verbose', 'Say on standard error what was read, and how.'),
             ('-q, --quiet', 'No notices on standard error; errors are still said.'))),
           ('How they are read',
            (('-f, --follow', 'Go on as records arrive; survives rotation, truncation and late creation.'),
             ('--from SHAPE', 'Take every line for this shape: auditlog, tutorial, agentaudit.'))),
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
             ('--since TIME', 'Not before: 2026-06-01, 2026-06-01T14:00Z, or 3h, 2d (so long ago).'),
             ('--until TIME', 'Before.'),
             ('-w, --where EXPR',
              "An expression over dotted paths, such as 'action.latency_ms > 500 and user.email ~ "
              "*@example.com'; see docs/expressions.md."),
             ('--own', "Also the log's records about itself (genesis, rotate, checkpoint, ...).")))),
          'auditlog tail audit.jsonl\n'
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
               'says; mermaid, dot: a graph for other tools.'),
              ('--color auto|always|never', 'Colour in text output; auto heeds NO_COLOR.'),
              ('-o, --output FILE', 'Write to FILE, which appears whole or not at all.'),
              ('--verbose', 'Say on standard error what was read, and how.'),
              ('-q, --quiet', 'No notices on standard error; errors are still said.'))),
            ('How they are read',
             (('--from SHAPE', 'Take every line for this shape: auditlog, tutorial, agentaudit.'),))),
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
               ('--color auto|always|never', 'Colour in text output; auto heeds NO_COLOR.'),
               ('-o, --output FILE', 'Write to FILE, which appears whole or not at all.'),
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
               ('--since TIME', 'Not before: 2026-06-01, 2026-06-01T14:00Z, or 3h, 2d (so long ago).'),
               ('--until TIME', 'Before.'),
               ('-w, --where EXPR',
                "An expression over dotted paths, such as 'action.latency_ms > 500 and user.email ~ "
                "*@example.com'; see docs/expressions.md."))),
             ('How they are read',
              (('--from SHAPE', 'Take every line for this shape: auditlog, tutorial, agentaudit.'),))),
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
                  'types, formats and envelope only (what an imported foreign log must reach).'),
                 ('--strict', 'Report members that the schema does not know, too.'))),
               ('How they are shown',
                (('--max-errors N',
                  'Explain the first N findings and count the others; 0 explains all. Default: 100.'),
                 ('--format text|json|jsonl|github|sarif|junit',
                  'text for people; json: one report, jsonl: one finding a line (`auditlog schema` has '
                  'both); github: annotations, sarif: code scanning, junit: test dashboards.'),
                 ('--color auto|always|never', 'Colour in text output; auto heeds NO_COLOR.'),
                 ('-o, --output FILE', 'Write to FILE, which appears whole or not at all.'),
                 ('-q, --quiet', 'No notices on standard error; errors are still said.'))),
               ('How they are read',
                (('--from SHAPE', 'Take every line for this shape: auditlog, tutorial, agentaudit.'),))),
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
            'signed although that was asked for.',
            (('Arguments',
              (('[PATH]...',
                'Logs: files, folders, globs, - for standard input; .gz and .zst too. Without any: '
                '$AUDITLOG_LOG, else what is piped in, else ./audit.jsonl.'),)),
             ('Options',
              (('--signers FILE',
                "Whose signatures count: OpenSSH's allowed_signers, or a public key; from elsewhere than the "
                'log.'),)),
             ('Whom is trusted',
              (('--vkey FILE', 'A C2SP verifier key instead.'),
               ('--at TIME', 'Keys must be valid at TIME; default: when each record was made.'),
               ('--revoked FILE',
                'Keys that count no more: a key revocation list (ssh-keygen -k), or public keys.'),
               ('--known SIZE:ROOT',
                'A head seen earlier, from a ticket or a CI log: finds what was put back or rewritten.'),
               ('--manifest FILE', 'The manifest of a shared copy: it declares what is withheld there.'),
               ('--checkpoint FILE', 'The newest checkpoint, if it is not beside the log.'),
               ('--remember, --no-remember',
                'Compare with what this log was when it was last verified, and keep it for the next time '
                '($XDG_STATE_HOME/auditlog/heads.json).'),
               ('--require-signed-tail', 'Exit 6 if records are not covered by a checkpoint.'),
               ('--require-heartbeat',
                'Checkpoints further apart than promised are a finding, not a warning.'))),
             ('How they are shown',
              (('--format text|json|sarif|junit',
                'text for people; json: auditlog.verification/1 (`auditlog schema verification`); sarif, '
                'junit: for other tools.'),
               ('--color auto|always|never', 'Colour in text output; auto heeds NO_COLOR.'),
               ('-o, --output FILE', 'Write to FILE, which appears whole or not at all.'),
               ('-q, --quiet', 'No notices on standard error; errors are still said.')))),
            'auditlog verify audit.jsonl\n'
            'auditlog verify audit.jsonl --signers allowed_signers --require-signed-tail\n'
            'auditlog verify audit.jsonl --signers allowed_signers --checkpoint '
            '/srv/sealer/audit.checkpoint\n'
            'auditlog verify logs/ --format junit -o verify.xml')}
