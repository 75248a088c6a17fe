"""The three networks of Minhas et al. (2019): two dense networks and a convolutional network.

What the paper leaves open and what we chose:

- *The layers between the convolutions and the ten outputs.* The paper gives "3 layers" of 64, 32
  and 10 and a kernel of 3, but no pooling, padding or stride. The authors' public code has none of
  them, and neither has ours, so the last layer has a weight for every cell of the map. `pool` adds
  max-pooling after both convolutions, which is our variant.
- *The layers of the network on row means* are 128, 64 and 10 in the paper and 64, 32 and 10 in its
  public code. We follow the paper.
- *Initialization* is PyTorch's; the paper does not mention dropout or batch normalization.
- *The softmax* of the paper's last layer is part of the loss, as in every model of the course.
"""

from __future__ import annotations

import torch
from torch import nn

from mgrlib.models.layers import store_channels_last
from mgrlib.shapes import check_shape

VECTOR = "one segment is a vector (D,); build the model with `segments.input_shape`."
PICTURE = "one segment is a picture (F, T); build the model with `segments.input_shape`."


class FeatureMlp(nn.Module):
    """Three dense layers on a vector of hand-crafted features: Minhas et al. (2019), "Training".

    >>> from mgrlib.models.contract import shape_table
    >>> print(shape_table(FeatureMlp(10, (26,)), (26,)))
    layer    output   parameters
    dense1   (B, 64)       1,728
    dense2   (B, 32)       2,080
    output   (B, 10)         330
    total                  4,138
    """

    def __init__(
        self,
        n_classes: int,
        input_shape: tuple[int],
        *,
        widths: tuple[int, int] = (64, 32),
    ) -> None:
        super().__init__()
        self.n_values = input_shape[0]
        self.dense1 = nn.Linear(self.n_values, widths[0])
        self.dense2 = nn.Linear(widths[0], widths[1])
        self.output = nn.Linear(widths[1], n_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, D) -> logits (B, K)."""
        check_shape(type(self).__name__, x, VECTOR, B=None, D=self.n_values)
        x = torch.relu(self.dense1(x))  # (B, 64)
        x = torch.relu(self.dense2(x))  # (B, 32)
        return self.output(x)  # (B, K)


class RowsMlp(FeatureMlp):
    """A `FeatureMlp` with wider layers, for the 128 row means of the mel spectrogram.

    >>> from mgrlib.models.contract import shape_table
    >>> print(shape_table(RowsMlp(10, (128,)), (128,)))
    layer    output    parameters
    dense1   (B, 128)      16,512
    dense2   (B, 64)        8,256
    output   (B, 10)          650
    total                  25,418
    """

    def __init__(
        self, n_classes: int, input_shape: tuple[int], *, widths: tuple[int, int] = (128, 64)
    ) -> None:
        super().__init__(n_classes, input_shape, widths=widths)


class MelCnn(nn.Module):
    """Two convolutions with kernel 3 and a dense layer on the whole mel spectrogram.

    >>> from mgrlib.models.contract import shape_table
    >>> print(shape_table(MelCnn(10, (128, 216)), (128, 216)))
    layer   output               parameters
    conv1   (B, 64, 126, 214)           640
    conv2   (B, 32, 124, 212)        18,464
    output  (B, 10)               8,412,170
    total                         8,431,274

    Args:
        n_classes: K.
        input_shape: (F, T) of a segment.
        widths: filters of the two convolutions.
        kernel: their height and width.
        pool: height and width of the max-pooling after each convolution; 1 for none, since the
            paper mentions no pooling.
    """

    def __init__(
        self,
        n_classes: int,
        input_shape: tuple[int, int],
        *,
        widths: tuple[int, int] = (64, 32),
        kernel: int = 3,
        pool: int = 1,
    ) -> None:
        super().__init__()
        self.input_shape = input_shape
        self.conv1 = nn.Conv2d(1, widths[0], kernel)
        self.conv2 = nn.Conv2d(widths[0], widths[1], kernel)
        self.pool = nn.MaxPool2d(pool) if pool > 1 else nn.Identity()
        n_bands = self._output_length(input_shape[0], kernel, pool)
        n_frames = self._output_length(input_shape[1], kernel, pool)
        self.output = nn.Linear(widths[1] * n_bands * n_frames, n_classes)
        store_channels_last(self)

    @staticmethod
    def _output_length(length: int, kernel: int, pool: int) -> int:
        """The length of an axis after both convolutions and poolings."""
        for _ in range(2):
            length = (length - kernel + 1) // pool
        return length

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, F, T) -> logits (B, K)."""
        n_bands, n_frames = self.input_shape
        check_shape("MelCnn", x, PICTURE, B=None, F=n_bands, T=n_frames)
        x = x[:, None]  # (B, 1, F, T)
        x = x.contiguous(memory_format=torch.channels_last)
        # Pooling before the ReLU gives the same maxima with less work.
        x = torch.relu_(self.pool(self.conv1(x)))  # (B, 64, F - 2, T - 2)
        x = torch.relu_(self.pool(self.conv2(x)))  # (B, 32, F - 4, T - 4)
        return self.output(x.flatten(1))  # (B, K)
