#!/bin/sh
# Makes the virtual environment $2 with the Python $1, or says what is missing and what to do about it.
set -eu
python=$1
venv=$2

remedy() {
    echo "$1" >&2
    echo "Then: make setup   (with another Python: make setup PYTHON=/path/to/python3.12)" >&2
    exit 1
}

"$python" -c '' 2>/dev/null || remedy "$python was not found. Install Python 3.11 or newer."
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    remedy "$("$python" --version) is too old: Python 3.11 or newer is needed. Install one beside it."
"$python" -c 'import venv, ensurepip' 2>/dev/null ||
    remedy "$("$python" --version) comes without venv. Install it (Debian, Ubuntu: apt-get install python3-venv)."

[ ! -L "$venv" ] || remedy "$venv is a link: what it points to would be emptied. Remove the link."
echo "Making $venv with $("$python" --version) ..."
"$python" -m venv --clear "$venv" || remedy "$venv could not be made (the message above says why)."
