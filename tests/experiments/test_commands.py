"""The command of a record asks `mgrlib run` for the same recipe, data, division and seeds."""

from __future__ import annotations

import shlex
from collections import Counter

import pytest

from mgrlib import cli, papers
from mgrlib.experiments.commands import command
from mgrlib.experiments.protocol import NAMED, Protocol

PAIRS = [pair for key in papers.COLLECTIONS for pair in papers.compare(key) if pair.record]
WITHOUT = {"", "no-clips", "synthetic-10-seed5"}
"""Data that `mgrlib run` does not read: sizes and times of systems, and one live training."""


def options_of(text):
    return cli._parser().parse_args(shlex.split(text)[1:])


def protocol_of(options):
    return NAMED.get(options.protocol) or Protocol(options.folds or None, options.by)


def test_every_record_of_clips_has_a_command():
    without = {pair.record.data["name"] for pair in PAIRS if not pair.command}
    assert without <= WITHOUT


@pytest.mark.parametrize("key", papers.COLLECTIONS)
def test_commands_ask_for_what_the_record_says(key):
    kinds = {item.name: item.kind for item in papers.listing(key)}
    for record in papers.records(key):
        text = command(record, kinds[record.source]) if record.source in kinds else ""
        if not text:
            continue
        options = options_of(text)
        assert options.recipes == [record.source]
        assert list(range(options.seeds)) == list(record.seeds)
        assert options.bfloat16 == (record.changes.get("precision") == "bfloat16")
        if kinds[record.source] == "recipe":
            assert str(protocol_of(options)) == record.protocol
        if options.data in ("synthetic", "songs"):
            assert record.data["name"] == f"{options.data}-{options.per_genre}-seed0"
        elif options.data not in ("vectors", "folder"):
            assert record.data["name"].startswith(options.data)


def test_a_part_of_the_table_or_the_pictures_is_another_file():
    roots = {
        pair.record.data["name"]: options_of(pair.command).root for pair in PAIRS if pair.command
    }
    assert str(roots["gtzan-table-300"]) == "TABLE-300" != str(roots["gtzan-table"])


def test_a_study_gets_no_option_of_a_recipe():
    kinds = Counter()
    for pair in PAIRS:
        if pair.command and pair.listed.kind == "study":
            assert not {"--folds", "--by", "--protocol"} & set(shlex.split(pair.command))
            kinds[pair.listed.name] += 1
    assert kinds
