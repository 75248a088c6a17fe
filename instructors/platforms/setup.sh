#!/usr/bin/env bash
# Gradescope runs this once, when the image is built from the archive of make_archive.sh.
set -e
apt-get update
apt-get install -y python3 python3-pip git libsndfile1
python3 -m pip install --break-system-packages "mgrlib[grading] @ git+https://github.com/mgrlib/mgrlib"
chmod 700 /autograder/source
python3 -m mgrlib.grading.platforms --prepare /autograder
