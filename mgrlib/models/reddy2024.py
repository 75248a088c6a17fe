"""The two networks of Reddy et al. (n.d.), which are the taggers of Choi et al. (2016, 2017).

The input of both is a mel spectrogram of 96 bands and 29.12 s, of which each *frame* is normalized
before the first convolution. With 50 classes and the published input shape they have exactly as
many parameters as the published taggers, which `mgrlib.models.pretrained` loads.

What the paper leaves open and what we chose:

- *The widths of the CNN.* The paper gives only its poolings. Our widths are those of the published
  file, 32, 128, 128, 192, 256 (the published program has different widths and cannot load the
  file).
- *The last pooling of the CNN* is (4, 4) in the paper, which covers the whole map for 96 bands and
  1366 frames. Ours covers the whole map for any input.
- *Dropout of the CNN.* The published program has none, and ours has none by default. The CRNN has
  the published .1 after each pooling and .3 before the last layer.
- *The gated recurrent unit.* Keras 1 has one bias per gate and a piecewise linear sigmoid, and it
  resets the state before the multiplication; `torch.nn.GRU` has two biases and the logistic
  sigmoid, and it resets after the multiplication. `gru="torch"`, for training from scratch, is
  PyTorch's unit with one bias per gate, the weight of a constant input, so that the number of
  parameters is the published one. `gru="keras1"` is the published unit.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import nn

from mgrlib.errors import ShapeError, explain
from mgrlib.models.layers import store_channels_last
from mgrlib.shapes import check_shape

HINT = "one segment is (F, T): bands by frames; build the model with `segments.input_shape`."

Pools = tuple[tuple[int, int], ...]


class FrameNorm(nn.BatchNorm1d):
    """Batch normalization with separate statistics, scale and shift for every frame.

    The published files call it `bn_0_freq`, but its 1366 or 1440 values show that it is over time.
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, F, T) -> (B, F, T)."""
        return super().forward(x.transpose(1, 2)).transpose(1, 2)


class ConvBlock(nn.Module):
    """Convolution 3×3, batch normalization, ELU, max-pooling, dropout."""

    def __init__(
        self,
        n_in: int,
        n_out: int,
        pool: tuple[int, int] | None,
        dropout: float,
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(n_in, n_out, 3, padding=1)
        self.norm = nn.BatchNorm2d(n_out)
        self.pool = nn.MaxPool2d(pool) if pool else nn.AdaptiveMaxPool2d(1)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, C, F, T) -> (B, n_out, F / pool, T / pool)."""
        x = self.norm(self.conv(x))  # (B, n_out, F, T)
        # ELU is increasing, so it can be applied after the pooling: the result
        # is the same, with a fraction of the work.
        x = nn.functional.elu(self.pool(x))  # (B, n_out, F / pool, T / pool)
        return self.dropout(x)


def _blocks(
    where: str,
    size: tuple[int, int],
    widths: tuple[int, ...],
    pools: tuple[tuple[int, int] | None, ...],
    dropout: float,
) -> tuple[nn.ModuleList, tuple[int, int]]:
    """Build the convolutional blocks for an input (F, T), and return them with the output size."""
    n_bands, n_frames = size
    for pool in pools:
        n_bands, n_frames = (n_bands // pool[0], n_frames // pool[1]) if pool else (1, 1)
        if not n_bands or not n_frames:
            expected = f"enough bands and frames for the poolings {pools}"
            hint = "use longer segments or smaller `pools`."
            raise ShapeError(explain(where, expected, str(size), hint))
    settings = zip((1, *widths[:-1]), widths, pools, strict=True)
    blocks = [ConvBlock(n_in, n_out, pool, dropout) for n_in, n_out, pool in settings]
    return nn.ModuleList(blocks), (n_bands, n_frames)


class Fcn5(nn.Module):
    """Five convolutional blocks down to one position: Reddy et al. (n.d.), figure 1a.

    >>> from mgrlib.models.contract import shape_table
    >>> print(shape_table(Fcn5(50, (96, 1366)), (96, 1366), depth=2))
    layer       output            parameters
    frame_norm  (B, 96, 1366)          2,732
    blocks.0    (B, 32, 48, 341)         384
    blocks.1    (B, 128, 24, 85)      37,248
    blocks.2    (B, 128, 12, 21)     147,840
    blocks.3    (B, 192, 4, 4)       221,760
    blocks.4    (B, 256, 1, 1)       443,136
    linear      (B, 50)               12,850
    total                            865,950
    """

    def __init__(
        self,
        n_classes: int,
        input_shape: tuple[int, int],
        *,
        widths: tuple[int, ...] = (32, 128, 128, 192, 256),
        pools: Pools = ((2, 4), (2, 4), (2, 4), (3, 5)),
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.input_shape = input_shape
        self.frame_norm = FrameNorm(input_shape[1])
        self.blocks, _ = _blocks("Fcn5", input_shape, widths, (*pools, None), dropout)
        self.linear = nn.Linear(widths[-1], n_classes)
        store_channels_last(self)

    def activations(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        """(B, F, T) -> the output of each block by name, in order: pool1 to pool5."""
        check_shape("Fcn5", x, HINT, B=None, F=self.input_shape[0], T=self.input_shape[1])
        return _block_outputs(self.frame_norm(x), self.blocks)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, F, T) -> logits (B, K)."""
        x = self.activations(x)[f"pool{len(self.blocks)}"]  # (B, 256, 1, 1)
        return self.linear(x.flatten(1))  # (B, K)


def _block_outputs(x: torch.Tensor, blocks: nn.ModuleList) -> dict[str, torch.Tensor]:
    """(B, F, T) -> the output of each block, (B, C, F', T'), by name in order."""
    x = x[:, None]  # (B, 1, F, T)
    outputs = {}
    for number, block in enumerate(blocks, 1):
        x = outputs[f"pool{number}"] = block(x)
    return outputs


class OneBiasGru(nn.GRU):
    """PyTorch's gated recurrent unit with one bias per gate, the weight of a constant input 1."""

    def __init__(self, n_in: int, n_hidden: int) -> None:
        super().__init__(n_in + 1, n_hidden, bias=False, batch_first=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
        """(B, T, D) -> the state after each step, (B, T, H)."""
        return super().forward(nn.functional.pad(x, (0, 1), value=1.0))[0]  # (B, T, H)


class Keras1Gru(nn.Module):
    """The gated recurrent unit of Keras 1, which `torch.nn.GRU` cannot reproduce.

    Its sigmoid is piecewise linear, and the state is reset *before* it is multiplied by the
    weights. The order of the gates is update (z), reset (r), candidate (c).
    """

    def __init__(self, n_in: int, n_hidden: int) -> None:
        super().__init__()
        self.weight_in = nn.Parameter(torch.empty(n_in, 3 * n_hidden))
        self.weight_state = nn.Parameter(torch.empty(n_hidden, 3 * n_hidden))
        self.bias = nn.Parameter(torch.zeros(3 * n_hidden))
        nn.init.xavier_uniform_(self.weight_in)  # as in Keras 1: Glorot, orthogonal, zero
        for gate in self.weight_state.data.chunk(3, dim=1):
            gate.copy_(nn.init.orthogonal_(torch.empty(n_hidden, n_hidden)))

    def step(self, gates: torch.Tensor, state: torch.Tensor) -> torch.Tensor:
        """One step: x W + b of the three gates, (B, 3 H), and the state (B, H) -> the new state."""
        n = state.shape[1]
        input_zr, input_c = gates.split([2 * n, n], dim=1)
        state_zr, state_c = self.weight_state.split([2 * n, n], dim=1)
        # 0.2 a + 0.5, limited to [0, 1], instead of the logistic function
        sums = 0.2 * (input_zr + state @ state_zr) + 0.5  # (B, 2 H)
        z, r = sums.clamp(0, 1).chunk(2, dim=1)  # (B, H)
        candidate = torch.tanh(input_c + (r * state) @ state_c)  # (B, H)
        return z * state + (1 - z) * candidate  # (B, H)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, T, D) -> the state after each step, (B, T, H); the initial state is zero."""
        gates = x @ self.weight_in + self.bias  # (B, T, 3 H)
        state = gates.new_zeros(x.shape[0], self.weight_state.shape[0])  # (B, H)
        states = []
        for frame_gates in gates.unbind(1):
            state = self.step(frame_gates, state)
            states.append(state)
        return torch.stack(states, dim=1)  # (B, T, H)


UNITS: dict[str, type[nn.Module]] = {"torch": OneBiasGru, "keras1": Keras1Gru}


class Crnn(nn.Module):
    """Four convolutional blocks and two recurrent layers: Reddy et al. (n.d.), figure 1b.

    >>> from mgrlib.models.contract import shape_table
    >>> print(shape_table(Crnn(50, (96, 1366)), (96, 1366), depth=2))
    layer       output             parameters
    pad         (B, 96, 1440)
    frame_norm  (B, 96, 1440)           2,880
    blocks.0    (B, 64, 48, 720)          768
    blocks.1    (B, 128, 16, 240)      74,112
    blocks.2    (B, 128, 4, 60)       147,840
    blocks.3    (B, 128, 1, 15)       147,840
    gru1        (B, 15, 32)            15,456
    gru2        (B, 15, 32)             6,240
    linear      (B, 50)                 1,650
    total                             396,786
    """

    def __init__(
        self,
        n_classes: int,
        input_shape: tuple[int, int],
        *,
        widths: tuple[int, ...] = (64, 128, 128, 128),
        pools: Pools = ((2, 2), (3, 3), (4, 4), (4, 4)),
        n_hidden: int = 32,
        gru: Literal["torch", "keras1"] = "torch",
    ) -> None:
        super().__init__()
        self.input_shape = input_shape
        self.pad = nn.ConstantPad1d(37, 0.0)  # 1366 to 1440 = 2·3·4·4·15
        n_frames = input_shape[1] + 2 * 37
        self.frame_norm = FrameNorm(n_frames)
        padded_shape = (input_shape[0], n_frames)
        self.blocks, size = _blocks("Crnn", padded_shape, widths, pools, 0.1)
        self.gru1 = UNITS[gru](widths[-1] * size[0], n_hidden)
        self.gru2 = UNITS[gru](n_hidden, n_hidden)
        self.dropout = nn.Dropout(0.3)
        self.linear = nn.Linear(n_hidden, n_classes)
        store_channels_last(self)

    def activations(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        """(B, F, T) -> the output of each layer by name, in order: pool1 to pool4, gru1, gru2.

        Maps are (B, C, F', T'), the states of gru1 (B, T', H), and the last state of gru2 (B, H).
        """
        n_bands, n_frames = self.input_shape
        check_shape("Crnn", x, HINT, B=None, F=n_bands, T=n_frames)
        outputs = _block_outputs(self.frame_norm(self.pad(x)), self.blocks)
        x = outputs[f"pool{len(self.blocks)}"]  # (B, 128, 1, 15)
        x = x.flatten(1, 2).transpose(1, 2)  # (B, 15, 128)
        outputs["gru1"] = self.gru1(x)  # (B, 15, 32)
        outputs["gru2"] = self.gru2(outputs["gru1"])[:, -1]  # (B, 32)
        return outputs

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, F, T) -> logits (B, K)."""
        x = self.activations(x)["gru2"]  # (B, 32)
        return self.linear(self.dropout(x))  # (B, K)


class RecurrentHalf(nn.Module):
    """The part of a `Crnn` after the convolutions: two recurrent layers and the head.

    If the convolutions are frozen, as in Jiménez and José (2016), their output for each segment,
    (T, D), can be computed once and used as the input of this network in every epoch.

    >>> from mgrlib.models.contract import shape_table
    >>> print(shape_table(RecurrentHalf(10, (15, 128)), (15, 128)))
    layer   output       parameters
    gru1    (B, 15, 32)      15,456
    gru2    (B, 15, 32)       6,240
    linear  (B, 10)             330
    total                    22,026
    """

    def __init__(
        self,
        n_classes: int,
        input_shape: tuple[int, int],
        *,
        n_hidden: int = 32,
        dropout: float = 0.3,
        gru: Literal["torch", "keras1"] = "torch",
    ) -> None:
        super().__init__()
        self.input_shape = input_shape
        self.gru1 = UNITS[gru](input_shape[1], n_hidden)
        self.gru2 = UNITS[gru](n_hidden, n_hidden)
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear(n_hidden, n_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, T, D) -> logits (B, K)."""
        hint = "steps by channels: the output of the last pooling, transposed."
        check_shape("RecurrentHalf", x, hint, B=None, T=self.input_shape[0], D=self.input_shape[1])
        x = self.gru2(self.gru1(x))[:, -1]  # (B, 32)
        return self.linear(self.dropout(x))  # (B, K)


def recurrent_half(network: Crnn, n_classes: int, input_shape: tuple[int, int]) -> RecurrentHalf:
    """Copy the recurrent layers of a trained `Crnn`, and add a new head for `n_classes`."""
    unit: Literal["torch", "keras1"] = "keras1" if isinstance(network.gru1, Keras1Gru) else "torch"
    half = RecurrentHalf(n_classes, input_shape, n_hidden=network.linear.in_features, gru=unit)
    half.gru1.load_state_dict(network.gru1.state_dict())
    half.gru2.load_state_dict(network.gru2.state_dict())
    return half


def pooled(activation: torch.Tensor) -> torch.Tensor:
    """Average an activation to one vector per segment, (B, D).

    Maps (B, D, F, T) are averaged over bands and frames, and states (B, T, D) over time; vectors
    (B, D) do not change.
    """
    if activation.ndim == 4:
        return activation.mean((2, 3))  # (B, D)
    return activation.mean(1) if activation.ndim == 3 else activation  # (B, D)
