"""Generated from the Typer definition by `make docs` (cli/generate.py). Do not edit."""

COMMANDS: dict[str, tuple[dict[str, tuple[str, str, object]], tuple[tuple[str, bool, bool], ...]]] = {'schema': ({'--output': ('output', 'text', None), '-o': ('output', 'text', None)},
            (('name', False, False),)),
 'tail': ({'--color': ('color', 'choice', ('auto', 'always', 'never'))}, (('paths', True, False),)),
 'validate': ({'--profile': ('profile', 'choice', ('six-questions', 'record')),
               '--strict': ('strict', 'flag', True),
               '--max-errors': ('max_errors', 'int', None),
               '--from': ('from_', 'text', None),
               '--format': ('format', 'choice', ('text', 'json', 'jsonl', 'github', 'sarif', 'junit')),
               '--color': ('color', 'choice', ('auto', 'always', 'never')),
               '--output': ('output', 'text', None),
               '-o': ('output', 'text', None),
               '--quiet': ('quiet', 'flag', True),
               '-q': ('quiet', 'flag', True)},
              (('paths', True, False),))}
