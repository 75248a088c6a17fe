"""`grade`: what a student's model is worth, whatever it does."""

from __future__ import annotations

import html
import io
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from mgrlib.data.corpus import Corpus
from mgrlib.data.synthetic import synthetic
from mgrlib.evaluation.intervals import wilson
from mgrlib.evaluation.predictions import Predictions, predict
from mgrlib.features.base import Feature
from mgrlib.models.contract import breaches, count_parameters
from mgrlib.segments import Cut, Segments, cut

__all__ = ["Budget", "Check", "Grade", "grade", "held_out"]


@dataclass(frozen=True)
class Budget:
    """What a model may cost; None is no limit.

    Args:
        parameters: trainable values.
        stored_bytes: of its weights in a file.
        milliseconds: for one segment, the median of ten, on one thread of this machine.
    """

    parameters: int | None = None
    stored_bytes: int | None = None
    milliseconds: float | None = None


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: its name, points earned and to be had, and what was seen."""

    name: str
    points: float
    out_of: float
    seen: str


@dataclass(frozen=True)
class Grade:
    """What a model earned.

    Args:
        checks: what was looked at.
        predictions: on the held-out clips, if it came so far.
    """

    checks: tuple[Check, ...]
    predictions: Predictions | None = None

    @property
    def points(self) -> float:
        """Points earned."""
        return sum(check.points for check in self.checks)

    @property
    def out_of(self) -> float:
        """Points to be had."""
        return sum(check.out_of for check in self.checks)

    def __str__(self) -> str:
        lines = [f"{self.points:g} of {self.out_of:g} points"]
        lines += [f"{c.points:g}/{c.out_of:g}  {c.name}: {c.seen}" for c in self.checks]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{c.points:g} of {c.out_of:g}</td><td>{html.escape(c.name)}</td>"
            f"<td>{html.escape(c.seen)}</td></tr>"
            for c in self.checks
        )
        head = "<thead><tr><th>points</th><th>what</th><th>seen</th></tr></thead>"
        caption = f"<caption>{self.points:g} of {self.out_of:g} points</caption>"
        return f"<table>{caption}{head}<tbody>{rows}</tbody></table>"


def held_out(n_per_genre: int = 3, seconds: float = 10.0, *, seed: int = 20_260) -> Corpus:
    """Clips of artists that no other part of the course uses: another seed is another world.

    An instructor gives another seed each year, so that nobody can have trained on them.
    """
    return synthetic(n_per_genre, seconds, seed=seed)


def grade(
    model: nn.Module,
    features: tuple[Feature, ...],
    thresholds: Mapping[float, float],
    *,
    make: Callable[[], nn.Module] | None = None,
    budget: Budget | None = None,
    corpus: Corpus | None = None,
    how: Cut | None = None,
) -> Grade:
    """Contract, budget and accuracy on held-out clips of a student's model, as points.

    Never raises because of what the student wrote: a model that fails earns nothing for the check
    that it fails, and the check says why.

    Args:
        model: trained; left in evaluation mode. What its input needs of scaling, it holds itself.
        features: what is computed of each clip, one a modality.
        thresholds: points by the accuracy that earns them; they add up: {0.2: 2, 0.4: 3} gives 5 to
            a model that reaches 0.4.
        make: builds a fresh model; with it the model contract is checked, for two points.
        budget: within it, two points; beyond it no points for accuracy either.
        corpus: the held-out clips; default: `held_out()`.
        how: how clips are cut.
    """
    corpus = corpus or held_out()
    checks: list[Check] = []
    segments = cut(corpus, *features, how=how)
    if make is not None:
        checks.append(_attempt("contract", 2, lambda: _contract(make, segments)))
    if budget is not None:
        checks.append(_attempt("budget", 2, lambda: _within(model, segments, budget)))
    allowed = budget is None or checks[-1].points == checks[-1].out_of
    most = float(sum(thresholds.values()))
    found: list[Predictions] = []

    def accuracy() -> tuple[float, str]:
        found.append(predict(model, segments))
        return _accuracy(found[0], thresholds)

    if allowed:
        checks.append(_attempt("accuracy", most, accuracy))
    else:
        checks.append(Check("accuracy", 0.0, most, "not measured: the budget is spent"))
    return Grade(tuple(checks), found[0] if found else None)


def _attempt(name: str, out_of: float, look: Callable[[], tuple[float, str]]) -> Check:
    """A check whose failure is an answer, not an error."""
    try:
        share, seen = look()
    except Exception as error:  # a student's code may raise anything
        where = traceback.extract_tb(error.__traceback__)[-1]
        told = f"{type(error).__name__}: {str(error)[:200]} ({where.name}, line {where.lineno})"
        return Check(name, 0.0, out_of, told)
    return Check(name, round(share * out_of, 2), out_of, seen)


def _contract(make: Callable[[], nn.Module], segments: Segments) -> tuple[float, str]:
    shapes = [tuple(x.shape[1:]) for x in segments.inputs]
    broken = breaches(make, segments.n_classes, *shapes)
    return (0.0, "; ".join(broken)) if broken else (1.0, "kept")


def _within(model: nn.Module, segments: Segments, budget: Budget) -> tuple[float, str]:
    n_parameters = count_parameters(model)
    stream = io.BytesIO()
    torch.save(model.state_dict(), stream)
    n_bytes = stream.tell()
    spent: list[tuple[str, float, float | None]] = [
        ("parameters", n_parameters, budget.parameters),
        ("bytes", n_bytes, budget.stored_bytes),
    ]
    if budget.milliseconds is not None:
        spent.append(("ms a segment", _latency(model, segments), budget.milliseconds))
    over = [
        f"{got:,.4g} {what}, {most:,.4g} allowed"
        for what, got, most in spent
        if most and got > most
    ]
    kept = ", ".join(f"{got:,.4g} {what}" for what, got, _ in spent)
    return (0.0, "; ".join(over)) if over else (1.0, kept)


def _latency(model: nn.Module, segments: Segments) -> float:
    """Median time of one segment in milliseconds, on one thread."""
    one = tuple(x[:1] for x in segments.inputs)
    before, times = torch.get_num_threads(), []
    try:
        torch.set_num_threads(1)
        with torch.inference_mode():
            for _ in range(10):
                started = time.perf_counter()
                model.eval()(*one)
                times.append(1000 * (time.perf_counter() - started))
    finally:
        torch.set_num_threads(before)
    return float(np.median(times))


def _accuracy(found: Predictions, thresholds: Mapping[float, float]) -> tuple[float, str]:
    n_right = int(found.correct.sum())
    reached = n_right / found.n
    earned = sum(points for need, points in thresholds.items() if reached >= need)
    interval = wilson(n_right, found.n)
    seen = f"{interval} on {found.n} held-out clips"
    return earned / sum(thresholds.values()), seen
