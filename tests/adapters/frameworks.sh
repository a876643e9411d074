#!/bin/sh
# Runs tests/adapters/test_NAME.py in an environment of its own for each line of pins.txt, or for the names given.
# Environments lie in .frameworks/ and are made anew when their line changes.
set -u
cd "$(dirname "$0")/../.."
python=${PYTHON:-python3}
failed=""
names=${*:-$(sed -n 's/^\([a-z0-9_]*\): .*/\1/p' tests/adapters/pins.txt)}
for name in $names; do
    line=$(grep "^$name: " tests/adapters/pins.txt) || { echo "pins.txt has no environment $name" >&2; exit 2; }
    here=.frameworks/$name
    if [ ! -f "$here/made" ] || [ "$(cat "$here/made")" != "$line" ]; then
        echo "setting up $here (once) ..."
        rm -rf "$here"
        # shellcheck disable=SC2086 # the packages of one line are words
        if ! "$python" -m venv "$here" || ! "$here/bin/python" -m pip install --quiet --disable-pip-version-check \
            -e . pytest hypothesis pytest-xdist ${line#*: }; then
            echo "SKIPPED $name: its packages cannot be installed here" >&2
            failed="$failed $name"
            continue
        fi
        echo "$line" > "$here/made"
    fi
    echo "== $name"
    "$here/bin/python" -m pytest -q -p no:cacheprovider -m "" "tests/adapters/test_$name.py" || failed="$failed $name"
done
[ -z "$failed" ] || { echo "not green:$failed" >&2; exit 1; }
