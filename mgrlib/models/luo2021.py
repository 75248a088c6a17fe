"""The three networks of Luo (2021), and a fourth that the paper proposes as future work.

All treat a spectrogram as a sequence: the channels are mel bands or MFCCs, and the length is time.

What the paper leaves open and what we chose:

- *The stride of the shallow CNN.* Kernel 21 and 435,338 parameters imply 71 positions after
  pooling, which is true of stride 1 with pooling 14 and of stride 2 with pooling 7. We use stride
  1.
- *The padding of the ResNet.* Table 1 gives kernels and strides, but no padding. We pad inside the
  blocks, so that sum and shortcut have the same length, and nowhere else: 1024, 341, 113, 37, 12,
  4, 1.
- *The shortcut where the channels double.* The number of parameters excludes a convolution there;
  we pad with zeros.
- *The last convolution.* The number of parameters excludes a batch normalization after it.
- *The slope of the leaky ReLU* is PyTorch's default, 0.01.
- *Optimizer, learning rate, batch size and initialization* are not printed; the recipes list our
  choices.
"""

from __future__ import annotations

import torch
from torch import nn

from mgrlib.models.layers import pad_channels
from mgrlib.shapes import check_shape

HINT = "one segment is (F, T): bands by frames; build the model with `segments.input_shape`."


class ShallowCNN(nn.Module):
    """One convolution over time, one pooling, one linear layer: Luo (2021), section 3.3.1.

    >>> from mgrlib.models.contract import shape_table
    >>> print(shape_table(ShallowCNN(10, (128, 1024)), (128, 1024)))
    layer   output          parameters
    conv    (B, 128, 1004)     344,192
    norm    (B, 128, 1004)         256
    pool    (B, 128, 71)
    linear  (B, 10)             90,890
    total                      435,338
    """

    def __init__(
        self,
        n_classes: int,
        input_shape: tuple[int, int],
        *,
        n_filters: int = 128,
        kernel: int = 21,
        stride: int = 1,
        pool: int = 14,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.input_shape, self.dropout = input_shape, dropout
        n_bands, n_frames = input_shape
        self.conv = nn.Conv1d(n_bands, n_filters, kernel, stride)
        self.norm = nn.BatchNorm1d(n_filters)
        self.pool = nn.MaxPool1d(pool)
        n_positions = ((n_frames - kernel) // stride + 1) // pool
        self.linear = nn.Linear(n_filters * n_positions, n_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, F, T) -> logits (B, K)."""
        n_bands, n_frames = self.input_shape
        check_shape("ShallowCNN", x, HINT, B=None, F=n_bands, T=n_frames)
        x = self.norm(self.conv(x))  # (B, 128, T - 20)
        # Pooling before the ReLU gives the same maxima with less work.
        x = torch.relu(self.pool(x))  # (B, 128, (T - 20) // 14)
        x = nn.functional.dropout(x, self.dropout, self.training)
        return self.linear(x.flatten(1))  # (B, K)


class MeanLSTM(nn.Module):
    """An LSTM whose hidden states are averaged over time: Luo (2021), section 3.3.2.

    >>> from mgrlib.models.contract import shape_table
    >>> print(shape_table(MeanLSTM(10, (128, 1024)), (128, 1024)))
    layer   output          parameters
    lstm    (B, 1024, 128)     132,096
    linear  (B, 10)              1,290
    total                      133,386
    """

    def __init__(
        self,
        n_classes: int,
        input_shape: tuple[int, int],
        *,
        n_hidden: int = 128,
        n_layers: int = 1,
    ) -> None:
        super().__init__()
        self.n_bands = input_shape[0]
        self.lstm = nn.LSTM(self.n_bands, n_hidden, n_layers, batch_first=True)
        self.linear = nn.Linear(n_hidden, n_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, F, T) of any T -> logits (B, K)."""
        check_shape("MeanLSTM", x, HINT, B=None, F=self.n_bands, T=None)
        states, _ = self.lstm(x.transpose(1, 2))  # (B, T, 128)
        return self.linear(states.mean(1))  # (B, K)


class ResidualBlock(nn.Module):
    """Two convolutions of kernel 3 and a shortcut: Luo (2021), section 3.3.3."""

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        self.n_out = n_out
        self.conv1 = nn.Conv1d(n_in, n_out, 3, padding=1)
        self.norm1 = nn.BatchNorm1d(n_out)
        self.conv2 = nn.Conv1d(n_out, n_out, 3, padding=1)
        self.norm2 = nn.BatchNorm1d(n_out)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, C, T) -> (B, n_out, T)."""
        y = nn.functional.leaky_relu(self.norm1(self.conv1(x)))  # (B, n_out, T)
        y = self.norm2(self.conv2(y))  # (B, n_out, T)
        y = y + pad_channels(x, self.n_out)  # (B, n_out, T)
        return nn.functional.leaky_relu(y)


class ResNet1d(nn.Module):
    """Five residual blocks that shorten the time axis to one: Luo (2021), table 1.

    >>> from mgrlib.models.contract import shape_table
    >>> print(shape_table(ResNet1d(10, (128, 1024)), (128, 1024), depth=2))
    layer      output         parameters
    stem       (B, 128, 341)      49,280
    stem_norm  (B, 128, 341)         256
    blocks.0   (B, 128, 341)      99,072
    pool       (B, 128, 113)
    blocks.1   (B, 128, 113)      99,072
    pool       (B, 128, 37)
    blocks.2   (B, 256, 37)      296,448
    pool       (B, 256, 12)
    blocks.3   (B, 256, 12)      394,752
    pool       (B, 256, 4)
    blocks.4   (B, 512, 4)     1,182,720
    pool       (B, 512, 1)
    conv       (B, 512, 1)       262,656
    linear     (B, 10)             5,130
    total                      2,389,386
    """

    def __init__(
        self,
        n_classes: int,
        input_shape: tuple[int, int],
        *,
        widths: tuple[int, ...] = (128, 128, 256, 256, 512),
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.n_bands, self.dropout = input_shape[0], dropout
        self.stem = nn.Conv1d(self.n_bands, widths[0], 3, stride=3)
        self.stem_norm = nn.BatchNorm1d(widths[0])
        inputs = (widths[0], *widths[:-1])
        self.blocks = nn.ModuleList(map(ResidualBlock, inputs, widths))
        self.pool = nn.MaxPool1d(3, 3)
        self.conv = nn.Conv1d(widths[-1], widths[-1], 1)
        self.linear = nn.Linear(widths[-1], n_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, F, T) -> logits (B, K); T from 729 to 1457 is reduced to one position."""
        check_shape("ResNet1d", x, HINT, B=None, F=self.n_bands, T=None)
        x = self.stem_norm(self.stem(x))  # (B, 128, T / 3)
        for block in self.blocks:
            x = self.pool(block(x))  # (B, width, a third of T), five times
        x = self.conv(x).mean(2)  # (B, 512)
        x = nn.functional.dropout(x, self.dropout, self.training)
        return self.linear(x)  # (B, K)


class DilatedBlock(nn.Module):
    """A convolution of kernel 3 with weights `dilation` frames apart, and a shortcut."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        gap = dilation
        self.conv = nn.Conv1d(width, width, 3, padding=gap, dilation=gap)
        self.norm = nn.BatchNorm1d(width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, C, T) -> (B, C, T)."""
        return x + torch.relu(self.norm(self.conv(x)))  # (B, C, T)


class DilatedCNN(nn.Module):
    """Dilated convolutions with a wide field of view, which the paper names as future work.

    The first convolution covers four frames, the others have kernel 3 and dilations 1, 2, 4, ...
    32. A position of the last map depends on 508 frames (11.8 s at hop 512 and 22,050 Hz), with a
    twentieth of ResNet1d's parameters.

    >>> from mgrlib.models.contract import shape_table
    >>> print(shape_table(DilatedCNN(10, (128, 1024)), (128, 1024), depth=2))
    layer     output        parameters
    stem      (B, 64, 256)      32,832
    blocks.0  (B, 64, 256)      12,480
    blocks.1  (B, 64, 256)      12,480
    blocks.2  (B, 64, 256)      12,480
    blocks.3  (B, 64, 256)      12,480
    blocks.4  (B, 64, 256)      12,480
    blocks.5  (B, 64, 256)      12,480
    linear    (B, 10)            1,290
    total                      109,002
    """

    def __init__(
        self,
        n_classes: int,
        input_shape: tuple[int, int],
        *,
        width: int = 64,
        stem: int = 4,
        dilations: tuple[int, ...] = (1, 2, 4, 8, 16, 32),
    ) -> None:
        super().__init__()
        self.n_bands = input_shape[0]
        self.dilations = dilations
        self.stem = nn.Conv1d(self.n_bands, width, stem, stride=stem)
        self.blocks = nn.ModuleList(DilatedBlock(width, d) for d in dilations)
        self.linear = nn.Linear(2 * width, n_classes)

    @property
    def field_of_view(self) -> int:
        """The number of input frames that one position of the last map depends on.

        >>> DilatedCNN(10, (128, 1024)).field_of_view
        508
        """
        return self.stem.kernel_size[0] * (1 + 2 * sum(self.dilations))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, F, T) of any T -> logits (B, K)."""
        check_shape("DilatedCNN", x, HINT, B=None, F=self.n_bands, T=None)
        x = self.stem(x)  # (B, 64, T / 4)
        for block in self.blocks:
            x = block(x)  # (B, 64, T / 4)
        x = torch.cat([x.mean(2), x.amax(2)], dim=1)  # (B, 128)
        return self.linear(x)  # (B, K)
