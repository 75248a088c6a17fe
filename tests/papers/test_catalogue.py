"""What every paper's package holds, and that its parts agree."""

from __future__ import annotations

import re

import numpy as np
import pytest

from checks.listing import listing_of
from mgrlib import papers
from mgrlib.data.synthetic import synthetic
from mgrlib.errors import RecipeError
from mgrlib.experiments.record import SUFFIX, write_records
from mgrlib.models.contract import count_parameters
from mgrlib.papers import _folder

PAIRS = [pair for paper in papers.COLLECTIONS for pair in papers.compare(paper)]
RECORDS = [record for paper in papers.COLLECTIONS for record in papers.records(paper)]


def test_recipes_and_studies_have_names_of_their_own_and_their_papers_key():
    names = [item.name for item in papers.listing()]
    assert len(set(names)) == len(names)
    for paper in papers.COLLECTIONS:
        assert all(item.name.startswith(f"{paper}/") for item in papers.listing(paper))


@pytest.mark.parametrize("paper", papers.COLLECTIONS)
def test_the_listing_says_what_the_recipes_say(paper):
    """If not: `python -m checks.listing`."""
    text = (_folder(paper) / "listing.json").read_text(encoding="utf-8")
    assert text == listing_of(paper)


def test_recipes_and_studies_are_found_by_name():
    assert papers.recipe("luo2021/cnn-mel").title == "ShallowCNN, log-mel"
    with pytest.raises(RecipeError, match=r"luo2021/cnn-mel.*'luo2021/cnn-male'.*mgrlib list"):
        papers.recipe("luo2021/cnn-male")
    with pytest.raises(RecipeError, match="a study"):
        papers.study("luo2021/cnn-mel")


@pytest.mark.parametrize("function", [papers.recipes, papers.listing, papers.records])
def test_an_unknown_paper_is_refused_with_those_there_are(function):
    with pytest.raises(RecipeError, match="luo2021"):
        function("luo2022")


def test_every_recipe_says_how_it_differs_or_what_the_paper_prints():
    for paper in papers.COLLECTIONS:
        sources = {entry.source for entry in papers.printed(paper)}
        silent = [r.name for r in papers.recipes(paper) if not r.deviations]
        assert [name for name in silent if name not in sources] == []


def test_every_recipe_has_a_key():
    assert len({recipe.key for recipe in papers.recipes()}) == len(papers.recipes())


def test_printed_numbers_name_recipes_and_studies_that_exist():
    for paper in papers.COLLECTIONS:
        names = {item.name for item in papers.listing(paper)}
        unknown = {e.source for e in papers.printed(paper) if e.source} - names
        assert unknown == set()


def test_conditions_of_printed_numbers_are_measured_where_the_study_ran():
    for paper in papers.COLLECTIONS:
        for entry in papers.printed(paper):
            rows = papers.records(paper).where(source=entry.source)
            if entry.source and len(rows):
                named = [(r.source, {**r.condition, "metric": r.metric}) for r in rows]
                matching = [names for names in named if entry.measures(*names)]
                assert matching, f"{entry.source} {entry.condition}"


def test_records_are_of_this_paper_and_current():
    names = {item.name: item for item in papers.listing()}
    known = [record for record in RECORDS if record.source in names]
    assert {r.source for r in RECORDS} - set(names) <= {"wei2023/costs"}
    older = {r.source for r in known if r.version != names[r.source].version}
    assert older == set()


def test_the_accuracy_of_a_record_follows_from_its_predictions():
    with_runs = [record for record in RECORDS if record.runs and not record.condition]
    assert len(with_runs) > 50
    for record in with_runs:
        tables = [record.predictions(seed) for seed in record.seeds]
        mean = np.mean([table.correct.mean() for table in tables])
        assert record.value == pytest.approx(mean, abs=1e-4), record.source
        assert record.n == tables[0].n
        published = "artist folds" in record.protocol  # which leave repeated recordings out
        if "folds" in record.protocol and not published:
            assert record.n == record.data["n_clips"]


def test_records_of_the_embedded_corpus_are_of_its_present_samples():
    fingerprints: dict[tuple[int, int], str] = {}
    for record in RECORDS:
        match = re.fullmatch(r"synthetic-(\d+)-seed(\d+)", record.data["name"])
        if match and record.data["n_clips"] == 10 * int(match[1]):
            size = (int(match[1]), int(match[2]))
            if size not in fingerprints:
                fingerprints[size] = synthetic(size[0], seed=size[1]).content()
            assert record.data["fingerprint"] == fingerprints[size], record.source


def test_a_file_is_named_after_what_it_holds(tmp_path):
    for paper in papers.COLLECTIONS:
        for path in sorted((_folder(paper) / "records").glob(f"*{SUFFIX}"))[:3]:
            from mgrlib.experiments.record import read_records

            assert write_records(read_records(path), tmp_path).read_bytes() == path.read_bytes()


def test_what_was_not_run_says_why_and_nothing_else_does():
    recorded = {record.source for record in RECORDS}
    unexplained = [p.listed.name for p in PAIRS if p.record is None and not p.listed.no_record]
    assert unexplained == []
    excused = {item.name for item in papers.listing() if item.no_record}
    assert excused & recorded == set()


def test_own_results_are_shown_only_when_asked_for(tmp_path, monkeypatch):
    (record,) = papers.records("luo2021", "cnn-mel", data="gtzan-mini")
    write_records([record], tmp_path / "results" / "luo2021")
    monkeypatch.setenv("MGRLIB_HOME", str(tmp_path))
    assert not any(pair.own for pair in papers.compare("luo2021"))
    own = papers.compare("luo2021", results=tmp_path / "results")
    assert [pair.listed.name for pair in own if pair.own] == ["luo2021/cnn-mel"]
    assert len(papers.records("luo2021", results=tmp_path / "results")) == 1
    with pytest.raises(RecipeError, match="result files"):
        papers.compare("luo2021", results=tmp_path)


def test_other_works_have_their_numbers_too():
    assert papers.printed("won2021")[0].value == 0.5414
    with pytest.raises(RecipeError, match="won2021"):
        papers.printed("won2031")


def test_the_trials_of_luo2021_are_table_2():
    """Accuracy, epochs and parameters as printed, of 200 test clips."""
    table = {
        "luo2021/cnn-mfcc": (0.21, 20, 134_282),
        "luo2021/cnn-mel": (0.705, 100, 435_338),
        "luo2021/lstm-mfcc": (0.25, 80, 76_042),
        "luo2021/lstm-mel": (0.68, 280, 133_386),
        "luo2021/resnet-mfcc": (0.43, 20, 2_346_378),
        "luo2021/resnet-mel": (0.66, 80, 2_389_386),
    }
    for entry in papers.printed("luo2021"):
        if entry.source:
            recipe = papers.recipe(entry.source)
            network = recipe.network(10, [recipe.features[0].shape(30.0)])
            value, epochs, parameters = table.pop(entry.source)
            assert (entry.value, entry.metric, entry.n) == (value, "accuracy", 200)
            assert (recipe.config.epochs, count_parameters(network)) == (epochs, parameters)
    assert table == {}


def test_caveats_name_recipes_and_studies_that_exist():
    names = {item.name for item in papers.listing()}
    for caveat in papers.caveats():
        assert caveat.why.endswith(".") and set(caveat.sources) <= names
