"""What the studies of Minhas et al. (2019) found, as tables to show."""

from __future__ import annotations

import pandas as pd

from mgrlib.recipes.studies import Findings

__all__ = ["noise_table", "robustness_tables"]


def noise_table(findings: Findings, *, silent: bool = False) -> pd.DataFrame:
    """Accuracy in the studies "noise", "noise-cnn" and "noise-trained", by system and noise.

    A column a protocol. Lost pixels are zeros, the paper's way; with `silent` only those are shown
    that were made silence instead, which a vector has not.
    """
    table = findings.table()
    of_silence = table["noise"].str.contains("silent")
    table = table[of_silence if silent else ~of_silence]
    wide = table.pivot(index=["system", "noise"], columns="protocol", values="value")
    return wide.loc[list(dict.fromkeys(zip(table["system"], table["noise"], strict=True)))]


def robustness_tables(findings: Findings) -> dict[str, pd.DataFrame]:
    """The curves of the study "robustness" by system, with the columns of `evaluation.as_table`.

    All but `same`: a mean over seeds does not tell whether a single clip kept its answer.
    """
    table = findings.table().reset_index()
    table = table.rename(columns={"noise": "probe", "value": "accuracy"})
    columns = ["probe", "level", "label", "accuracy", "low", "high", "n"]
    return {
        str(system): rows[columns].reset_index(drop=True)
        for system, rows in table.groupby("system", sort=False)
    }
