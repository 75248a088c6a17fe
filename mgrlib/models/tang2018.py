"""The network of Tang et al. (2018): two LSTMs, one on top of the other.

Each of the paper's eight networks (one for six genres, seven in a tree) is this one, with as many
outputs as it has classes. The tree is in `mgrlib.models.tree`.

What the paper leaves open and what we chose:

- *What the last layer sees.* Table 2 and figure 6 give the sizes, 13, 128, 32 and 6, and not
  whether the output layer reads the last state or all of them. We take the last state of the upper
  LSTM, as a Keras model of these layers does; `read="mean"` averages the states over time.
- *The output.* Equation 1 ends in a sigmoid for each class; its loss is not named. Ours gives
  logits, and the loss is the cross-entropy, whose values the paper's losses resemble.
- *Initial weights.* The paper's Keras starts LSTMs with forget gates half open (a bias of 1) and
  orthogonal recurrent weights; ours starts as PyTorch does, uniformly.
- *Dropout* is not mentioned, and there is none.
"""

from __future__ import annotations

import torch
from torch import nn

from mgrlib.errors import ShapeError, explain
from mgrlib.shapes import check_shape

__all__ = ["StackedLstm"]

HINT = "one segment is (F, T): coefficients by frames; build the model with `input_shape`."
READS = ("last", "mean")


class StackedLstm(nn.Module):
    """Two LSTMs in a row, the second one's last state classified: Tang et al. (2018), table 2.

    The paper prints no number of parameters; Keras, which has one bias a gate where PyTorch has
    two, would count 640 fewer.

    Args:
        n_hidden: units of the lower and of the upper LSTM.
        pool: frames averaged into one before the first LSTM; 1 takes them as they are.
        read: "last" classifies the last state, "mean" the mean of all states.

    >>> from mgrlib.models.contract import shape_table
    >>> print(shape_table(StackedLstm(6, (13, 1293)), (13, 1293)))
    layer   output          parameters
    lstm1   (B, 1293, 128)      73,216
    lstm2   (B, 1293, 32)       20,736
    linear  (B, 6)                 198
    total                       94,150
    """

    def __init__(
        self,
        n_classes: int,
        input_shape: tuple[int, int],
        *,
        n_hidden: tuple[int, int] = (128, 32),
        pool: int = 1,
        read: str = "last",
    ) -> None:
        super().__init__()
        if read not in READS:
            raise ShapeError(explain("StackedLstm", f"read among {READS}", repr(read)))
        self.n_coefficients, self.read = input_shape[0], read
        lower, upper = n_hidden
        self.pool = nn.AvgPool1d(pool)
        self.lstm1 = nn.LSTM(self.n_coefficients, lower, batch_first=True)
        self.lstm2 = nn.LSTM(lower, upper, batch_first=True)
        self.linear = nn.Linear(upper, n_classes)

    def embed(self, x: torch.Tensor) -> torch.Tensor:
        """(B, F, T) of any T -> what is classified, (B, D) with D = 32."""
        check_shape("StackedLstm", x, HINT, B=None, F=self.n_coefficients, T=None)
        x = self.pool(x).transpose(1, 2)  # (B, T / pool, F)
        x, _ = self.lstm1(x)  # (B, T / pool, 128)
        x, _ = self.lstm2(x)  # (B, T / pool, 32)
        return x[:, -1] if self.read == "last" else x.mean(1)  # (B, 32)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, F, T) of any T -> logits (B, K)."""
        return self.linear(self.embed(x))  # (B, K)
