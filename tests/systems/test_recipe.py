from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import pytest
from tiny import MEL, RATE, TINY, Tiny

from mgrlib.errors import RecipeError
from mgrlib.features import LogMel
from mgrlib.segments import Cut
from mgrlib.systems import Estimator, Network
from mgrlib.systems.keys import digest, key_text
from mgrlib.systems.prepare import Standardize


class Wider(Tiny):
    """The same under another name."""


def louder(inputs, y, generator):
    """An augmentation."""
    return tuple(x + 1.0 for x in inputs), y


@pytest.mark.parametrize("name", ["tiny", "a/b/c"])
def test_recipe_refuses_name_that_is_not_paper_and_system(name):
    with pytest.raises(RecipeError, match=repr(name)):
        replace(TINY, name=name)


def test_options_cannot_be_changed_from_outside():
    options = {"width": 3}
    recipe = replace(TINY, options=options)
    options["width"] = 5
    assert recipe.options["width"] == 3
    with pytest.raises(TypeError):
        recipe.options["width"] = 4


CHANGES = [
    {"features": (LogMel(RATE, n_fft=256, hop_length=128, n_mels=9),)},
    {"features": (MEL, MEL)},
    {"model": Wider},
    {"config": replace(TINY.config, lr=0.04)},
    {"config": replace(TINY.config, seed=1)},
    {"options": {"width": 5}},
    {"cut": Cut(0.2)},
    {"prepare": (Standardize("array"),)},
    {"prepare": ()},
    {"augment": louder},
    {"learner": Network(steps_per_epoch=7)},
    {"learner": Estimator()},
    {"version": 2},
    {"name": "luo2021/other"},
]


def test_key_changes_with_every_setting():
    keys = [replace(TINY, **change).key for change in CHANGES]
    assert len({TINY.key, *keys}) == 1 + len(CHANGES)


def test_key_does_not_change_with_descriptions():
    described = replace(TINY, title="Another", deviations=("none",))
    assert described.key == TINY.key


def test_key_holds_no_address_and_is_the_same_for_equal_values():
    assert " at 0x" not in TINY.key
    assert replace(TINY, options={"width": 4}).key == replace(TINY, options={"width": 4}).key


@dataclass(frozen=True)
class Pair:
    """Two values."""

    a: object
    b: object = None


def test_key_text_names_functions_and_what_is_bound_to_them():
    bound = key_text(partial(louder, y=3))
    assert "louder" in bound and "'y': 3" in bound
    assert key_text(Pair(louder)) != key_text(Pair(bound))


def test_key_text_refuses_functions_without_a_name():
    with pytest.raises(RecipeError, match="top of a module"):
        key_text(Pair(lambda x: x))


def test_digest_does_not_depend_on_the_order_of_a_mapping():
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    assert digest({"a": 1}) != digest({"a": 2})
