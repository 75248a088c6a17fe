"""The papers' networks read pictures of spectrograms where they read sound."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mgrlib import papers
from mgrlib.data.corpus import Corpus
from mgrlib.data.pictures import gtzan_pictures
from mgrlib.errors import FeatureError
from mgrlib.systems import segments_of
from mgrlib.systems.prepare import Preparation

READING = (
    "luo2021/cnn-mel",
    "luo2021/lstm-mfcc-scaled",
    "luo2021/resnet-mel",
    "minhas2019/cnn",
    "minhas2019/rows",
    "tang2018/flat-short",
    "reddy2024/fcn5",
    "reddy2024/crnn",
    "reddy2024/small-crnn",
    "wei2023/resnet-mel-96",
    "wei2023/lstm-scaled",
    "wei2023/segment-3s",
)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory) -> Corpus:
    """Two clips of noise, one of each of two genres, as an archive of maps."""
    path = tmp_path_factory.mktemp("maps") / "maps.npz"
    maps = np.random.default_rng(0).integers(0, 256, (2, 128, 535), dtype=np.uint8)
    np.savez(path, maps=maps, clip_ids=["blues.00000", "jazz.00000"])
    return gtzan_pictures(path)


@pytest.mark.parametrize("name", READING)
def test_a_network_reads_pictures_in_the_shape_of_sound(corpus, name):
    recipe = papers.recipe(name)
    segments = segments_of(recipe, corpus)
    if recipe.cut.whole:
        shapes = [tuple(x.shape[1:]) for x in segments.inputs]
        assert shapes == [feature.shape(30.0) for feature in recipe.features]
    prepared = Preparation.fit(recipe.prepare, segments)(segments)
    shapes = [tuple(x.shape[1:]) for x in prepared.inputs]
    network = recipe.network(2, shapes).eval()
    with torch.no_grad():
        assert network(*(x[:2] for x in prepared.inputs)).shape == (2, 2)


@pytest.mark.parametrize("name", ["minhas2019/features", "wei2023/resnet-wave-96", "wei2023/mlp57"])
def test_systems_that_need_the_sound_are_refused(corpus, name):
    with pytest.raises(FeatureError, match="mel levels"):
        segments_of(papers.recipe(name), corpus)
