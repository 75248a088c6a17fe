"""Tables, the figure and sentences of the page on scale, read from result files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from docs_ext.feature_tables import markdown, speed

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks/results"
FMA_LARGE = 106_574  # clips
CLIP_BYTES = 4 * 128 * 1024  # of a log-mel spectrogram
WIDTH, HEIGHT, MARGIN = 340, 220, 52


def measured(name: str) -> Any:
    """The content of a result file."""
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))


def memory() -> str:
    """One row per number of clips."""
    head = ["clips", "spectrograms (MB)", "peak memory (MB)", "time (s)", "time per clip (ms)"]
    head += ["training waited for data"]
    rows = [
        [
            f"{r['clips']:,}",
            f"{r['clips'] * CLIP_BYTES / 2**20:,.0f}",
            f"{r['peak_mb']:,.0f}",
            f"{r['seconds']:,.1f}",
            f"{1000 * r['seconds'] / r['clips']:.1f}",
            f"{r['waiting']:.1%}",
        ]
        for r in measured("scale")
    ]
    return markdown(head, rows)


def marginal_seconds() -> float:
    """Seconds per clip, from the difference between the largest run and the smallest."""
    rows = sorted(measured("scale"), key=lambda r: r["clips"])
    first, last = rows[0], rows[-1]
    return float((last["seconds"] - first["seconds"]) / (last["clips"] - first["clips"]))


def extrapolation() -> str:
    """Sentences about the time and memory that FMA-large needs."""
    rows = sorted(measured("scale"), key=lambda r: r["clips"])
    peaks = [r["peak_mb"] for r in rows]
    hours = FMA_LARGE * marginal_seconds() / 3600
    log_mel = speed()["results"]["log_mel, 30 s"]
    gigabytes = FMA_LARGE * CLIP_BYTES / 1e9
    return (
        f"From {rows[0]['clips']:,} to {rows[-1]['clips']:,} clips, peak memory stays between "
        f"{min(peaks):,.0f} and {max(peaks):,.0f} MB, and every further clip takes "
        f"{1000 * marginal_seconds():.1f} ms. FMA-large has {FMA_LARGE:,} clips of 30 s. At this "
        f"rate, one epoch with its evaluation takes {hours:.1f} hours on one processor core, in "
        f"the same memory. The log-mel spectrograms come first: they take "
        f"{log_mel['fma_large_hours']:.2f} hours on one core, without the time to read and decode "
        f"the audio, and {gigabytes:.0f} GB of disk."
    )


def hardware() -> str:
    """A table of what a laptop, Colab and a cluster can do."""
    peak = max(r["peak_mb"] for r in measured("scale")) / 1000
    rate = speed()["results"]["log_mel, 30 s"]["clips_per_second"]
    both = speed()["two_processes_ratio"]
    small, large = (n * CLIP_BYTES / 1e9 for n in (8000, FMA_LARGE))
    cores = 64
    seconds = FMA_LARGE / (rate * cores)
    rows = [
        ["laptop or free Colab, two cores", f"{rate * both:,.0f}", f"{peak:.1f}", f"{small:.1f}"],
        [f"cluster, {cores} cores", f"{rate * cores:,.0f}", f"{peak:.1f}", f"{large:.0f}"],
    ]
    head = ["computer", "log-mel clips per second", "memory per process (GB)", "disk (GB)"]
    return (
        f"{markdown(head, rows)}\n\nThe first row's disk is that of the 8,000 clips of FMA-small, "
        f"the second row's that of FMA-large, whose spectrograms then take {seconds:.0f} s. "
        "The rates leave out the time to read and decode the audio. The row on the cluster was not "
        "measured: it multiplies the rate of one core, and so assumes that the disks keep up."
    )


def training() -> str:
    """One row per network: the time of `fit` and that of a plain loop."""
    report = measured("train")
    head = ["network", "segments", "batch", "precision chosen", "fit (epochs/s)"]
    head += ["plain loop (epochs/s)", "times as fast"]
    rows = [
        [
            f"`{r['network']}`",
            f"{r['segments']:,}",
            r["batch_size"],
            r["precision"],
            f"{r['epochs_per_second']:.2f}",
            f"{r['plain_epochs_per_second']:.2f}",
            f"{r['ratio']:.2f}",
        ]
        for r in report["networks"]
    ]
    where = f"Measured on {report['machine']}, with torch {report['torch']}, in "
    where += f"{report['rounds']} rounds."
    return f"{markdown(head, rows)}\n\n{where}"


def allocator() -> str:
    """One row per network: an epoch with the C library's own settings, and with kept memory."""
    report = measured("allocator")
    head = ["network", "as it is (s)", "memory kept (s)", "times as fast"]
    head += ["peak as it is (MB)", "peak, memory kept (MB)"]
    rows = [
        [
            f"`{r['network']}`",
            f"{r['seconds']:.2f}",
            f"{r['seconds_kept']:.2f}",
            f"{r['ratio']:.2f}",
            f"{r['megabytes']:,}",
            f"{r['megabytes_kept']:,}",
        ]
        for r in report["networks"]
    ]
    where = f"Measured on {report['machine']}, with torch {report['torch']} and "
    where += f"{report['c_library']}, in {report['rounds']} rounds beside other programs."
    return f"{markdown(head, rows)}\n\n{where}"


def figure() -> str:
    """A figure of peak memory and time over the number of clips."""
    rows = sorted(measured("scale"), key=lambda r: r["clips"])
    left = _panel(rows, "peak_mb", "peak memory (MB)", 0)
    right = _panel(rows, "seconds", "time (s)", WIDTH)
    counts = ", ".join(f"{r['clips']:,}" for r in rows)
    text = f"Peak memory (left) and time (right) for {counts} clips, as in the table above."
    size = f'viewBox="0 0 {2 * WIDTH} {HEIGHT}" style="max-width: 100%; height: auto"'
    return f'<div><svg role="img" aria-label="{text}" {size}>{left}{right}</svg></div>'


def _panel(rows: list[dict[str, Any]], key: str, label: str, left: int) -> str:
    """One set of axes from zero, with the measured points and lines between them."""
    largest = max(r[key] for r in rows) * 1.15
    widest = max(r["clips"] for r in rows)
    x0, y0 = left + MARGIN, HEIGHT - 40
    width, height = WIDTH - MARGIN - 20, HEIGHT - 60
    points = [(x0 + width * r["clips"] / widest, y0 - height * r[key] / largest) for r in rows]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    axes = f"M{x0},{y0 - height} V{y0} H{x0 + width}"
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="#3b75af"/>' for x, y in points)
    texts = [
        _text(x0 + width / 2, HEIGHT - 6, "clips"),
        _text(x0, 14, label, "start"),
        _text(x0, y0 + 16, "0"),
        _text(x0 + width, y0 + 16, f"{widest:,}", "end"),
        _text(x0 - 6, y0 + 4, "0", "end"),
        _text(x0 - 6, points[-1][1] + 4, f"{rows[-1][key]:,.0f}", "end"),
    ]
    line = f'<polyline points="{path}" fill="none" stroke="#3b75af" stroke-width="2"/>'
    return f'<path d="{axes}" fill="none" stroke="currentColor"/>{line}{dots}{"".join(texts)}'


def _text(x: float, y: float, text: str, anchor: str = "middle") -> str:
    style = 'font-size="12" fill="currentColor"'
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {style}>{text}</text>'


TABLES: dict[str, Callable[[], str]] = {
    "memory": memory,
    "figure": figure,
    "extrapolation": extrapolation,
    "hardware": hardware,
    "training": training,
    "allocator": allocator,
}
