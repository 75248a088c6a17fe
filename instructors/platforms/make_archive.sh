#!/usr/bin/env bash
# The archive to upload to Gradescope, with one assignment, its judge, and the class's secret:
#     instructors/platforms/make_archive.sh instructors/leak ~/secrets/leak-2027.json leak.zip
set -e
here=$(cd "$(dirname "$0")" && pwd)
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cp -r "$1" "$place/$(basename "$1")"
cp "$2" "$place/seed.json"
cp "$here/setup.sh" "$here/run_autograder" "$place"
chmod +x "$place/setup.sh" "$place/run_autograder"
python3 -c 'import shutil, sys; shutil.make_archive(sys.argv[1].removesuffix(".zip"), "zip", sys.argv[2])' "$3" "$place"
