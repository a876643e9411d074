"""Generated from the Typer definition by `make docs` (cli/generate.py). Do not edit."""

PAGES: dict[str, tuple[str, str, str, tuple[tuple[str, tuple[tuple[str, str], ...]], ...], str]] = {'schema': ('Print a published JSON Schema, or list them.',
            'auditlog schema [OPTION]... [NAME]',
            'Each format that this tool writes has one (JSON Schema 2020-12). They come with the '
            'installation; nothing\n'
            'is fetched.',
            (('Arguments',
              (('[NAME]', 'Which: record, finding, validation, ... Without it their names are listed.'),)),
             ('How they are shown',
              (('-o, --output FILE', 'Write to FILE, which appears whole or not at all.'),))),
            'auditlog schema\nauditlog schema record\nauditlog schema validation -o validation.schema.json'),
 'tail': ('Show the last actions of a log.',
          'auditlog tail [OPTION]... [PATH]...',
          '',
          (('Arguments',
            (('[PATH]...',
              'Logs: files, folders, globs, - for standard input; .gz and .zst too. Without any: '
              '$AUDITLOG_LOG, else what is piped in, else ./audit.jsonl.'),)),
           ('How they are shown',
            (('--color auto|always|never', 'Colour in text output; auto heeds NO_COLOR.'),))),
          'auditlog tail audit.jsonl'),
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
              'auditlog validate audit.jsonl --format sarif -o audit.sarif')}
