"""The networks of Wei et al. (n.d.) for pictures, for sequences, for both, and for segments.

What the paper leaves open and what we chose:

- *The LSTM.* The paper prints only its input, "1290×13". We use one layer of 128 units and its last
  hidden state.
- *The fusion* is described by a drawing and one sentence: vectors are joined, then "several
  fully-connected layers" follow. We use one hidden layer of 128 units. Late fusion, with or without
  learned weights, is our addition.
- *The nine layers for segments.* The paper prints the number of parameters, 2,855,818 for segments
  of 3 s, but no widths. `SegmentCnn` is a network with exactly this number; `SegmentCnn.same_count`
  lists two others, and many more exist.
- *The MLP for 57 values* has "dropout layers" and no printed widths. We use the widths of public
  notebooks on this table, 512, 256, 128 and 64, with a dropout of 0.2.
- *Optimizer, learning rate and initialization* are not printed; the recipes list our choices.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, ClassVar

import torch
from torch import nn

from mgrlib.errors import MgrError, explain
from mgrlib.models.layers import store_channels_last
from mgrlib.shapes import check_shape
from mgrlib.storage import download

WEIGHTS_URL = "https://download.pytorch.org/models/resnet18-f37072fd.pth"
WEIGHTS_SHA256 = "f37072fd47e89c5e827621c5baffa7500819f7896bbacec160b1a16c560e07ec"
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)

N_JOINT = 128  # width of the fully connected layer after early fusion
PICTURE = 'one segment is (C, H, W): give the picture channels="first".'
SEQUENCE = "one segment is (F, T): coefficients by frames."


def imagenet_weights() -> dict[str, torch.Tensor]:
    """Load the official ImageNet weights of a ResNet18 with 1,000 classes, by layer name.

    The file (45 MB) is downloaded once, and its checksum is checked.

    Raises:
        DownloadError: if the file is not on this computer and cannot be downloaded.
        ChecksumError: if the downloaded file has a different checksum.
    """
    path = download("resnet18-f37072fd.pth", [WEIGHTS_URL], f"sha256:{WEIGHTS_SHA256}")
    weights: dict[str, torch.Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    return weights


class BasicBlock(nn.Module):
    """Two 3×3 convolutions and a shortcut around them: He et al. (2016), figure 2.

    If the block changes the size or the number of channels, the shortcut has a 1×1 convolution.
    """

    def __init__(self, n_in: int, n_out: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(n_in, n_out, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(n_out)
        self.conv2 = nn.Conv2d(n_out, n_out, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(n_out)
        self.downsample: nn.Module = nn.Identity()
        if stride != 1 or n_in != n_out:
            shortcut = nn.Conv2d(n_in, n_out, 1, stride, bias=False)
            self.downsample = nn.Sequential(shortcut, nn.BatchNorm2d(n_out))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, C, H, W) -> (B, n_out, H', W'), where H' is H / stride and W' is W / stride."""
        y = torch.relu(self.bn1(self.conv1(x)))  # (B, n_out, H', W')
        y = self.bn2(self.conv2(y))  # (B, n_out, H', W')
        return torch.relu(y + self.downsample(x))  # (B, n_out, H', W')


class ResNet18(nn.Module):
    """The residual network of 18 layers: He et al. (2016), table 1; Wei et al. (n.d.), section 4.2.

    The names and shapes of its layers are torchvision's, so that the official weights can be
    loaded. Pictures need at least 32 pixels per side.

    Args:
        n_classes: K.
        input_shape: (C, H, W) of a picture; C is 3 for the official weights.
        width: channels of the first stage, doubled in each of the next three; 64 is ResNet18.

    >>> from mgrlib.models.contract import shape_table
    >>> print(shape_table(ResNet18(10, (3, 224, 224)), (3, 224, 224)))
    layer    output              parameters
    conv1    (B, 64, 112, 112)        9,408
    bn1      (B, 64, 112, 112)          128
    maxpool  (B, 64, 56, 56)
    layer1   (B, 64, 56, 56)        147,968
    layer2   (B, 128, 28, 28)       525,568
    layer3   (B, 256, 14, 14)     2,099,712
    layer4   (B, 512, 7, 7)       8,393,728
    avgpool  (B, 512, 1, 1)
    fc       (B, 10)                  5,130
    total                        11,181,642
    """

    def __init__(
        self, n_classes: int, input_shape: tuple[int, int, int], *, width: int = 64
    ) -> None:
        super().__init__()
        self.n_channels = input_shape[0]
        self.conv1 = nn.Conv2d(self.n_channels, width, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        self.layer1 = self._stage(width, width, stride=1)
        self.layer2 = self._stage(width, 2 * width, stride=2)
        self.layer3 = self._stage(2 * width, 4 * width, stride=2)
        self.layer4 = self._stage(4 * width, 8 * width, stride=2)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(8 * width, n_classes)
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
        store_channels_last(self)

    @staticmethod
    def _stage(n_in: int, n_out: int, stride: int) -> nn.Sequential:
        return nn.Sequential(BasicBlock(n_in, n_out, stride), BasicBlock(n_out, n_out))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, C, H, W) -> logits (B, K)."""
        n = self.n_channels
        check_shape("ResNet18", x, PICTURE, B=None, C=n, H=None, W=None)
        # Pooling before the ReLU gives the same maxima with less work.
        x = torch.relu(self.maxpool(self.bn1(self.conv1(x))))  # (B, 64, H/4, W/4)
        x = self.layer1(x)  # (B, 64, H/4, W/4)
        x = self.layer2(x)  # (B, 128, H/8, W/8)
        x = self.layer3(x)  # (B, 256, H/16, W/16)
        x = self.layer4(x)  # (B, 512, H/32, W/32)
        x = self.avgpool(x).flatten(1)  # (B, 512)
        return self.fc(x)  # (B, K)


def pretrained_resnet18(
    n_classes: int,
    input_shape: tuple[int, int, int],
) -> ResNet18:
    """Build a ResNet18 with the official ImageNet weights and a new last layer.

    It expects pictures in [0, 1] whose channels are standardized by `IMAGENET_MEAN` and
    `IMAGENET_STD`.

    Raises:
        DownloadError, ChecksumError: as in `imagenet_weights`.
    """
    model = ResNet18(1000, input_shape)
    model.load_state_dict(imagenet_weights(), strict=True)
    model.fc = nn.Linear(model.fc.in_features, n_classes)
    return model


class SequenceLstm(nn.Module):
    """An LSTM over the frames of MFCCs and its last state: Wei et al. (n.d.), section 4.2.

    Args:
        n_classes: K.
        input_shape: (F, T) of a sequence: 13 coefficients of 1290 frames in the paper.
        n_hidden: size of the state.
        read: "last" classifies the state after the last frame, "mean" the mean over all frames.

    Raises:
        MgrError: if `read` is neither of the two.

    >>> from mgrlib.models.contract import shape_table
    >>> print(shape_table(SequenceLstm(10, (13, 1290)), (13, 1290)))
    layer   output          parameters
    lstm    (B, 1290, 128)      73,216
    linear  (B, 10)              1,290
    total                       74,506
    """

    def __init__(
        self,
        n_classes: int,
        input_shape: tuple[int, int],
        *,
        n_hidden: int = 128,
        read: str = "last",
    ) -> None:
        super().__init__()
        _check_choice("SequenceLstm", "read", read, ("last", "mean"))
        self.n_rows = input_shape[0]
        self.read = read
        self.lstm = nn.LSTM(self.n_rows, n_hidden, batch_first=True)
        self.linear = nn.Linear(n_hidden, n_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, F, T) of any T -> logits (B, K)."""
        check_shape("SequenceLstm", x, SEQUENCE, B=None, F=self.n_rows, T=None)
        states, _ = self.lstm(x.transpose(1, 2))  # (B, T, 128)
        state = states[:, -1] if self.read == "last" else states.mean(1)  # (B, 128)
        return self.linear(state)  # (B, K)


class FusionNet(nn.Module):
    """A network for a picture and a sequence of the same clip: Wei et al. (n.d.), figure 2.

    An input that consists of zeros counts as missing, and its branch is ignored for that clip.

    Args:
        n_classes: K.
        picture_shape: (C, H, W).
        sequence_shape: (F, T).
        fusion: "early" joins the vectors of both branches and applies fully connected layers, as in
            the paper's figure; "late" averages the logits of two complete branches; "weighted"
            averages them with learned weights.
        width, n_hidden, read: of `ResNet18` and `SequenceLstm`.

    Raises:
        MgrError: if `fusion` or `read` has another value.

    >>> from mgrlib.models.contract import shape_table
    >>> shapes = (3, 224, 224), (13, 1290)
    >>> print(shape_table(FusionNet(10, *shapes), *shapes))
    layer     output      parameters
    picture   (B, 512)    11,176,512
    sequence  (B, 128)        73,216
    joint     (B, 10)         83,338
    total                 11,333,066
    """

    def __init__(
        self,
        n_classes: int,
        picture_shape: tuple[int, int, int],
        sequence_shape: tuple[int, int],
        *,
        fusion: str = "early",
        width: int = 64,
        n_hidden: int = 128,
        read: str = "last",
    ) -> None:
        super().__init__()
        _check_choice("FusionNet", "fusion", fusion, ("early", "late", "weighted"))
        self.fusion = fusion
        self.picture = ResNet18(n_classes, picture_shape, width=width)
        self.sequence = SequenceLstm(n_classes, sequence_shape, n_hidden=n_hidden, read=read)
        if fusion == "early":
            n_values = self.picture.fc.in_features + n_hidden
            self.picture.fc = nn.Identity()  # type: ignore[assignment]
            self.sequence.linear = nn.Identity()  # type: ignore[assignment]
            self.joint = _dense((n_values, N_JOINT, n_classes), dropout=0.0)
        else:
            self.weights = nn.Parameter(torch.zeros(2), requires_grad=fusion == "weighted")

    def forward(
        self,
        picture: torch.Tensor,
        sequence: torch.Tensor,
    ) -> torch.Tensor:
        """(B, C, H, W) and (B, F, T) -> logits (B, K)."""
        present = [_is_present(picture), _is_present(sequence)]
        weights = torch.stack(present, 1)  # (B, 2)
        if self.fusion != "early":
            weights = self.weights.exp() * weights  # (B, 2)
            total = weights.sum(1, keepdim=True).clamp(min=1e-6)  # (B, 1)
            weights = weights / total  # (B, 2)
        # Late fusion combines logits (B, K), early fusion inner values.
        from_picture = self.picture(picture) * weights[:, :1]  # (B, 512 or K)
        from_sequence = self.sequence(sequence) * weights[:, 1:]  # (B, 128 or K)
        if self.fusion == "early":
            return self.joint(torch.cat([from_picture, from_sequence], 1))  # (B, K)
        return from_picture + from_sequence  # (B, K)


def _is_present(x: torch.Tensor) -> torch.Tensor:
    """1 for each segment with a value other than zero, and 0 for the others, (B,)."""
    return (x != 0).flatten(1).any(1).to(x.dtype)


class SegmentCnn(nn.Module):
    """Nine layers for the MFCC of a segment of 3 s: Wei et al. (n.d.), section 5.3.

    The number of parameters is that of seven 3×3 convolutions with batch normalization, five
    poolings that keep an odd row or column (130×13 becomes 5×1), and two linear layers. It does not
    determine the positions of the poolings.

    Args:
        n_classes: K.
        input_shape: (F, T): 13 coefficients of 130 frames for 3 s.
        widths: channels of the convolutions.
        pool_after: the convolutions, counted from 1, that are followed by a pooling of 2×2.
        dense: widths of the linear layers before the last one.
        norm: whether each convolution is followed by batch normalization.
        ceil: whether the pooling keeps an odd row or column.

    >>> from mgrlib.models.contract import shape_table
    >>> print(shape_table(SegmentCnn(10, (13, 130)), (13, 130)))
    layer   output            parameters
    blocks  (B, 512, 1, 5)     2,197,632
    linear  (B, 10)              658,186
    total                      2,855,818
    """

    # The hyperparameters of two other networks of nine layers with 2,855,818 parameters.
    same_count: ClassVar[dict[str, dict[str, Any]]] = {
        "six convolutions, no normalization": {
            "widths": (16, 32, 64, 64, 128, 256),
            "pool_after": (1, 2, 4, 5),
            "dense": (1024, 64),
            "norm": False,
        },
        "eight convolutions, two poolings": {
            "widths": (64, 64, 64, 128, 128, 256, 256, 512),
            "pool_after": (1, 3),
            "dense": (),
            "ceil": False,
        },
    }

    def __init__(
        self,
        n_classes: int,
        input_shape: tuple[int, int],
        *,
        widths: tuple[int, ...] = (32, 64, 64, 128, 256, 256, 512),
        pool_after: tuple[int, ...] = (1, 3, 4, 6, 7),
        dense: tuple[int, ...] = (256,),
        norm: bool = True,
        ceil: bool = True,
    ) -> None:
        super().__init__()
        self.input_shape = input_shape
        blocks: list[nn.Module] = []
        n_rows, n_frames = input_shape
        for i, (n_in, n_out) in enumerate(pairwise((1, *widths)), start=1):
            blocks += [nn.Conv2d(n_in, n_out, 3, padding=1)]
            blocks += [nn.BatchNorm2d(n_out)] if norm else []
            if i in pool_after:
                # Pooling before the ReLU gives the same maxima with less work.
                blocks += [nn.MaxPool2d(2, ceil_mode=ceil)]
                n_rows, n_frames = (n_rows + ceil) // 2, (n_frames + ceil) // 2
            blocks += [nn.ReLU()]
        self.blocks = nn.Sequential(*blocks)
        n_values = widths[-1] * n_rows * n_frames
        self.linear = _dense((n_values, *dense, n_classes), dropout=0.0)
        store_channels_last(self)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, F, T) -> logits (B, K)."""
        n_rows, n_frames = self.input_shape
        check_shape("SegmentCnn", x, SEQUENCE, B=None, F=n_rows, T=n_frames)
        x = self.blocks(x[:, None])  # (B, 512, F / 32, T / 32)
        return self.linear(x.flatten(1))  # (B, K)


class FeatureMlp57(nn.Module):
    """Fully connected layers with dropout for 57 values: Wei et al. (n.d.), section 6.2.

    Args:
        n_classes: K.
        input_shape: (D,): 57.
        widths: of the hidden layers.
        dropout: the fraction of each hidden layer's values that are set to zero in training.

    >>> from mgrlib.models.contract import shape_table
    >>> print(shape_table(FeatureMlp57(10, (57,)), (57,), depth=2))
    layer      output    parameters
    layers.0   (B, 512)      29,696
    layers.3   (B, 256)     131,328
    layers.6   (B, 128)      32,896
    layers.9   (B, 64)        8,256
    layers.12  (B, 10)          650
    total                   202,826
    """

    def __init__(
        self,
        n_classes: int,
        input_shape: tuple[int],
        *,
        widths: tuple[int, ...] = (512, 256, 128, 64),
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        self.n_values = input_shape[0]
        self.layers = _dense((self.n_values, *widths, n_classes), dropout=dropout)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, D) -> logits (B, K)."""
        hint = "one segment is a vector of 57 values."
        check_shape("FeatureMlp57", x, hint, B=None, D=self.n_values)
        return self.layers(x)  # (B, K)


def _check_choice(where: str, name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise MgrError(explain(where, f"{name} among {choices}", repr(value)))


def _dense(sizes: tuple[int, ...], *, dropout: float) -> nn.Sequential:
    """Build linear layers of these sizes, with ReLU and dropout after each but the last."""
    layers: list[nn.Module] = []
    for n_in, n_out in pairwise(sizes):
        layers += [nn.Linear(n_in, n_out), nn.ReLU(), nn.Dropout(dropout)]
    return nn.Sequential(*layers[:-2])
