from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from mgrlib.errors import DownloadError, MgrError, ShapeError
from mgrlib.models import wei2023
from mgrlib.models.contract import count_parameters
from mgrlib.models.wei2023 import (
    FeatureMlp57,
    FusionNet,
    ResNet18,
    SegmentCnn,
    SequenceLstm,
    pretrained_resnet18,
)
from mgrlib.training.seeds import seeded


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def fused(**options: object) -> FusionNet:
    with seeded(0):
        return FusionNet(4, (3, 32, 32), (5, 20), width=4, n_hidden=6, **options).eval()


@pytest.fixture
def picture() -> torch.Tensor:
    return noise(3, 3, 32, 32)


@pytest.fixture
def sequence() -> torch.Tensor:
    return noise(3, 5, 20, seed=1)


# --- ResNet18

# As torchvision 0.2x names and shapes them; of each stage the first block.
OFFICIAL = {
    "conv1.weight": (64, 3, 7, 7),
    "bn1.running_var": (64,),
    "layer1.0.conv1.weight": (64, 64, 3, 3),
    "layer1.1.bn2.bias": (64,),
    "layer2.0.downsample.0.weight": (128, 64, 1, 1),
    "layer2.0.downsample.1.running_mean": (128,),
    "layer3.0.conv2.weight": (256, 256, 3, 3),
    "layer4.0.downsample.1.num_batches_tracked": (),
    "layer4.1.conv2.weight": (512, 512, 3, 3),
    "fc.weight": (1000, 512),
    "fc.bias": (1000,),
}


def test_the_resnets_layers_are_named_and_shaped_as_the_official_weights():
    state = ResNet18(1000, (3, 224, 224)).state_dict()
    assert {name: tuple(state[name].shape) for name in OFFICIAL} == OFFICIAL
    assert len(state) == 122
    assert not [name for name in state if name.startswith("layer1") and "downsample" in name]


def test_the_resnet_has_the_official_number_of_parameters():
    assert count_parameters(ResNet18(1000, (3, 224, 224))) == 11_689_512


@pytest.fixture
def official(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, torch.Tensor]:
    """A file of weights in the place of the official one."""
    with seeded(5):
        state = ResNet18(1000, (3, 224, 224)).state_dict()
    torch.save(state, tmp_path / "weights.pth")
    monkeypatch.setattr(wei2023, "download", lambda *_: tmp_path / "weights.pth")
    return state


def test_the_official_weights_are_taken_up_but_for_the_last_layer(official):
    model = pretrained_resnet18(4, (3, 64, 64))
    state = model.state_dict()
    assert all(torch.equal(state[k], official[k]) for k in state if not k.startswith("fc"))
    assert model.fc.weight.shape == (4, 512)


def test_without_a_network_the_official_weights_are_refused_by_name(monkeypatch):
    def gone(name, urls, digest):
        raise DownloadError(f"{name} {urls[0]} {digest}")

    monkeypatch.setattr(wei2023, "download", gone)
    with pytest.raises(DownloadError, match=r"resnet18-f37072fd.pth https.* sha256:f37072fd"):
        pretrained_resnet18(4, (3, 64, 64))


def test_pooling_before_relu_changes_nothing_in_the_resnet():
    model = ResNet18(4, (3, 48, 48), width=4).eval()
    x = noise(2, 3, 48, 48)
    with torch.inference_mode():
        as_printed = model.maxpool(torch.relu(model.bn1(model.conv1(x))))
        for stage in (model.layer1, model.layer2, model.layer3, model.layer4):
            as_printed = stage(as_printed)
        assert torch.equal(model(x), model.fc(as_printed.mean((2, 3))))


@pytest.mark.parametrize("size", [(32, 32), (96, 96), (64, 200)])
def test_the_resnet_takes_pictures_of_any_size(size):
    model = ResNet18(4, (3, 96, 96), width=4).eval()
    with torch.inference_mode():
        assert model(noise(2, 3, *size)).shape == (2, 4)


def test_a_picture_with_its_channels_last_is_refused_with_the_remedy():
    with pytest.raises(ShapeError, match=r'C=3.*\(1, 96, 96, 3\).*channels="first"'):
        ResNet18(4, (3, 96, 96), width=4)(torch.zeros(1, 96, 96, 3))


# --- SequenceLstm


def test_the_lstm_is_read_at_its_last_step_or_over_all():
    x = noise(2, 5, 20)
    for read, pick in (("last", lambda h: h[:, -1]), ("mean", lambda h: h.mean(1))):
        model = SequenceLstm(3, (5, 20), n_hidden=4, read=read).eval()
        with torch.inference_mode():
            hidden, _ = model.lstm(x.transpose(1, 2))
            assert torch.allclose(model(x), model.linear(pick(hidden)))


@pytest.mark.parametrize(
    "make", [lambda: SequenceLstm(3, (5, 20), read="first"), lambda: fused(fusion="soon")]
)
def test_a_choice_that_is_none_is_refused_with_those_there_are(make):
    with pytest.raises(MgrError, match=r"expected (read|fusion) among \('(last|early)'"):
        make()


# --- FusionNet


@pytest.mark.parametrize("fusion", ["early", "late", "weighted"])
@pytest.mark.parametrize("missing", [0, 1])
def test_a_branch_whose_input_is_missing_says_nothing(fusion, missing, picture, sequence):
    model = fused(fusion=fusion)
    inputs = [picture, sequence]
    inputs[missing] = torch.zeros_like(inputs[missing])
    with torch.inference_mode():
        before = model(*inputs)
        for p in (model.picture, model.sequence)[missing].parameters():
            p.add_(1.0)
        assert torch.equal(model(*inputs), before)


def test_what_one_clip_lacks_does_not_touch_the_others(picture, sequence):
    model = fused()
    with torch.inference_mode():
        logits = model(picture, sequence)
        sequence[1] = 0.0
        partly = model(picture, sequence)
    assert torch.allclose(logits[[0, 2]], partly[[0, 2]])
    assert not torch.allclose(logits[1], partly[1])


def test_late_fusion_starts_as_the_mean_of_both_scores(picture, sequence):
    for fusion in ("late", "weighted"):
        model = fused(fusion=fusion)
        with torch.inference_mode():
            mean = (model.picture(picture) + model.sequence(sequence)) / 2
            assert torch.allclose(model(picture, sequence), mean, atol=1e-6)


def test_late_fusion_without_the_picture_is_the_sequences_score(picture, sequence):
    model = fused(fusion="late")
    with torch.inference_mode():
        alone = model(torch.zeros_like(picture), sequence)
        assert torch.allclose(alone, model.sequence(sequence))


def test_only_weighted_fusion_learns_its_weights():
    assert fused(fusion="weighted").weights.requires_grad
    assert not fused(fusion="late").weights.requires_grad


def test_nothing_at_all_still_gives_finite_logits(picture, sequence):
    for fusion in ("early", "late"):
        with torch.inference_mode():
            logits = fused(fusion=fusion)(torch.zeros_like(picture), torch.zeros_like(sequence))
        assert torch.isfinite(logits).all()


# --- SegmentCnn


@pytest.mark.parametrize("options", [{}, *SegmentCnn.same_count.values()])
def test_three_nets_of_nine_layers_have_the_printed_number_of_parameters(options):
    model = SegmentCnn(10, (13, 130), **options)
    layers = [m for m in model.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    assert (len(layers), count_parameters(model)) == (9, 2_855_818)


@pytest.mark.parametrize(("n_frames", "n_positions"), [(130, 5), (259, 9), (388, 13)])
def test_longer_segments_leave_more_positions(n_frames, n_positions):
    model = SegmentCnn(10, (13, n_frames)).eval()
    with torch.inference_mode():
        assert model.blocks(torch.zeros(1, 1, 13, n_frames)).shape == (1, 512, 1, n_positions)


def test_rms_is_one_more_row():
    with torch.inference_mode():
        assert SegmentCnn(10, (14, 130)).eval()(torch.zeros(1, 14, 130)).shape == (1, 10)


# --- FeatureMlp57


def test_dropout_works_in_training_and_not_in_evaluation():
    with seeded(0):
        model = FeatureMlp57(3, (57,))
    x = noise(1, 57)
    with torch.inference_mode():
        assert not torch.equal(model.train()(x), model(x))
        assert torch.equal(model.eval()(x), model(x))
