#!/bin/sh
# Create the virtual environment given as $1, or bring it up to date; do nothing when it is current.
set -eu
venv=$1
fail() { echo "serloop setup: $*" >&2; exit 1; }

command -v git >/dev/null 2>&1 || fail "git is missing; install it with your system's package manager"
python=
for candidate in "${PYTHON:-}" python3.13 python3.12 python3.11 python3 python; do
  [ -n "$candidate" ] || continue
  if "$candidate" -c 'import sys; sys.exit(not ((3, 11) <= sys.version_info < (3, 14)))' 2>/dev/null; then
    python=$candidate
    break
  fi
done
[ -n "$python" ] || fail "no Python 3.11 to 3.13 found; install one, or name it: make PYTHON=/path/to/python3.11 …"
"$python" -c 'import venv, ensurepip' 2>/dev/null ||
  fail "$python cannot create virtual environments; install its venv package (Debian: apt install python3-venv)"

stamp=$venv/.installed
# A moved checkout breaks the scripts of an environment, so its path is part of what is stamped.
wanted=$({ pwd; "$python" --version; cat pyproject.toml constraints.txt; } | cksum)
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then
  exit 0
fi

free_kb=$(df -Pk . | awk 'NR == 2 { print $4 }')
if [ ! -d "$venv" ] && [ "$free_kb" -lt 12000000 ]; then
  fail "$((free_kb / 1000000)) GB free here; the environment needs about 12 GB while it installs"
fi
echo "serloop setup: installing into $venv (about 5 GB, some minutes; safe to interrupt and run again)"
rm -f "$stamp"
# Recreating over an existing folder repairs a half-made one and keeps what is installed already.
"$python" -m venv "$venv"
"$venv/bin/python" -m pip install --disable-pip-version-check --quiet --progress-bar off \
  --constraint constraints.txt --editable '.[dev]' || fail "pip could not install; see above, then run again to resume"
printf '%s\n' "$wanted" > "$stamp"
echo "serloop setup: ready"
