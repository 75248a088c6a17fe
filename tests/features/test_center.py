from __future__ import annotations

import numpy as np
import torch

from mgrlib.features.center import centered_on


def test_means_go_and_spreads_stay():
    train = np.random.default_rng(0).normal(5.0, [[1.0], [30.0]], size=(40, 2, 7))
    centered = centered_on(train)(train)
    assert np.allclose(centered.mean(axis=(0, 2)), 0.0, atol=1e-4)
    assert np.allclose(centered.std(axis=(0, 2)), train.std(axis=(0, 2)), rtol=1e-5)


def test_other_data_lose_the_training_datas_mean():
    shifted = centered_on(np.zeros((3, 2)) + 1.0)(torch.full((4, 2), 3.0))
    assert torch.equal(shifted, torch.full((4, 2), 2.0))
