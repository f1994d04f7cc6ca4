#!/bin/sh
# Makes a virtual environment with the locked packages: sh setup.sh PYTHON FOLDER
# On Debian and Ubuntu it also installs what pictures without a screen need (Mesa's EGL) and Python's venv, where
# they are missing and one may.
set -eu
python=$1
folder=$2

have() { command -v "$1" >/dev/null 2>&1; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif have sudo && sudo -n true 2>/dev/null; then sudo "$@"
    else return 1
    fi
}

wanted=""
"$python" -c 'import ensurepip, venv' 2>/dev/null || wanted="$wanted python3-venv"
if [ "$(uname)" = Linux ] && ! { ldconfig -p 2>/dev/null || /sbin/ldconfig -p; } | grep -q 'libEGL.so.1'; then
    wanted="$wanted libegl1 libgl1 libgl1-mesa-dri libopengl0"
fi
if [ -n "$wanted" ] && have apt-get; then
    # shellcheck disable=SC2086 # a list of words
    if as_root apt-get update -qq && as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends $wanted >/dev/null; then
        echo "installed:$wanted"
    else
        echo "not installed, because it needs root:$wanted (pictures are left out without Mesa's EGL)" >&2
    fi
fi

"$python" -m venv "$folder"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check --requirement requirements.txt
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --editable .
