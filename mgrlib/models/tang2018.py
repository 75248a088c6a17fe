"""The network of Tang et al. (2018), which consists of two stacked LSTMs.

Here, all eight networks of the paper (one for six genres, seven in a tree) have this architecture
and differ in the number of outputs. The tree is in `mgrlib.models.tree`.

What the paper leaves open and what we chose:

- *The seven networks of the tree.* Table 2 has the design "in experiment1", and none is printed for
  experiment 2. We use the same one, with a 14th coefficient.
- *The input of the last layer.* Table 2 and figure 6 give the sizes, 13, 128, 32 and 6, but not
  whether the output layer uses the last state or all states. We use the last state of the upper
  LSTM, which is the default of Keras; `read="mean"` averages the states over time.
- *The output.* Equation 1 ends in a sigmoid for each class, and the loss is not named. Our network
  returns logits, and the loss is the cross-entropy, which has similar values to the paper's losses.
- *Initial weights.* Keras, which the paper uses, initializes LSTMs with a forget-gate bias of 1 and
  orthogonal recurrent weights. We use PyTorch's uniform initialization.
- *Dropout* is not mentioned in the paper, and we use none.
"""

from __future__ import annotations

import torch
from torch import nn

from mgrlib.errors import ShapeError, explain
from mgrlib.shapes import check_shape

HINT = "one segment is (F, T): coefficients by frames; build the model with `input_shape`."
READS = ("last", "mean")
UPPERS = ("lstm", "dense")


class StackedLstm(nn.Module):
    """Two stacked LSTMs and a linear layer on the last state: Tang et al. (2018), table 2.

    The paper does not print the number of parameters. Keras has one bias per gate where PyTorch has
    two and would count 640 fewer.

    Args:
        n_classes: K.
        input_shape: (F, T) of a segment.
        n_hidden: units of the lower and of the upper LSTM.
        pool: the number of frames that are averaged before the first LSTM; 1 for no averaging.
        read: "last" classifies the last state, "mean" the mean of all states.
        upper: what table 2 calls hidden layer III: "lstm", or "dense", a linear layer with a ReLU
            on what is read of the lower LSTM.

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
        upper: str = "lstm",
    ) -> None:
        super().__init__()
        if read not in READS:
            expected = f"read among {READS}"
            raise ShapeError(explain("StackedLstm", expected, repr(read)))
        if upper not in UPPERS:
            expected = f"upper among {UPPERS}"
            raise ShapeError(explain("StackedLstm", expected, repr(upper)))
        self.n_coefficients, self.read, self.upper = input_shape[0], read, upper
        n_lower, n_upper = n_hidden
        self.pool = nn.AvgPool1d(pool)
        self.lstm1 = nn.LSTM(self.n_coefficients, n_lower, batch_first=True)
        if upper == "lstm":
            self.lstm2 = nn.LSTM(n_lower, n_upper, batch_first=True)
        else:
            self.dense = nn.Linear(n_lower, n_upper)
        self.linear = nn.Linear(n_upper, n_classes)

    def embed(self, x: torch.Tensor) -> torch.Tensor:
        """(B, F, T) of any T -> the input of the last layer, (B, D) with D = 32."""
        n_rows = self.n_coefficients
        check_shape("StackedLstm", x, HINT, B=None, F=n_rows, T=None)
        x = self.pool(x).transpose(1, 2)  # (B, T / pool, F)
        x, _ = self.lstm1(x)  # (B, T / pool, 128)
        if self.upper == "lstm":
            x, _ = self.lstm2(x)  # (B, T / pool, 32)
        x = x[:, -1] if self.read == "last" else x.mean(1)  # (B, 32 or 128)
        if self.upper == "dense":
            x = torch.relu(self.dense(x))  # (B, 32)
        return x

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, F, T) of any T -> logits (B, K)."""
        return self.linear(self.embed(x))  # (B, K)
