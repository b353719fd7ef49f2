#!/bin/sh
# Print the path of a Python 3.11 or newer that can make a virtual environment, or say what is missing.
found=""
for name in python3.11 python3.12 python3.13 python3.14 python3 /usr/bin/python3.11 /usr/bin/python3; do
    path=$(command -v "$name") || continue
    "$path" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue
    found=$path
    "$path" -c 'import venv, ensurepip' 2>/dev/null && echo "$path" && exit 0
done
if [ -n "$found" ]; then
    echo "Found $found, but it cannot make virtual environments. On Debian or Ubuntu: apt-get install python3-venv" >&2
else
    echo "Fabrica needs Python 3.11 or newer. Found: $(python3 --version 2>&1 || echo none)" >&2
fi
exit 1
