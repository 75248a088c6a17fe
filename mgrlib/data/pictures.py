"""Pictures of spectrograms as a corpus, which is what many people train on in place of sound.

A public copy of GTZAN has a folder of them (`images_original`), and so have many repositories. A
color map that is known can be inverted: each pixel's color has a place between the map's first and
last color, and that place is a level. What remains is a map of levels without absolute loudness and
phases (`mgrlib.levels.LevelMap`); of the features, those made of the mel spectrogram can be had.
"""

from __future__ import annotations

import hashlib
import os
import re
import zipfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mgrlib.data.corpus import Corpus, Cutting
from mgrlib.data.layout import hidden
from mgrlib.data.vectors import gtzan_name, gtzan_rows
from mgrlib.errors import AudioError, CorpusError, FeatureError, explain
from mgrlib.levels import SPAN_DB, LevelMap

COLOR_MAPS = ("viridis", "jet", "magma")
NEAR, FAR_SHARE = 12.0, 0.01  # a color further than 12 of 255 from the map; at most 1 % of them
TOP_HZ = 11_025.0  # half of GTZAN's rate
GTZAN_SECONDS = 30.0
PLACES = ("", "images_original", "Data/images_original", "data/images_original")
LAYOUT = "folders of PNG files such as blues/blues00000.png, or an .npz with maps and clip_ids"


@dataclass(frozen=True, eq=False)
class Inversion:
    """A level map that was read off a picture, and how exact that is.

    Args:
        levels: (H, W) uint8, the place of each pixel's color in the map, low bands first.
        color_map: its name.
        largest: the largest distance of a pixel's color from the nearest of the map, from 0 to 442.
        far: the fraction of pixels further than 12 from the map.
    """

    levels: np.ndarray
    color_map: str
    largest: float
    far: float

    def __repr__(self) -> str:
        shape = " × ".join(map(str, self.levels.shape))
        exact = f"off by {self.largest:.1f} of 255 at most, {self.far:.2%} by more than {NEAR:g}"
        return f"Inversion({shape}, {self.color_map}, {exact})"


@lru_cache(maxsize=8)
def _colors(name: str) -> np.ndarray:
    """The 256 colors of one of matplotlib's maps, (256, 3) from 0 to 255."""
    import matplotlib

    colors = matplotlib.colormaps[name](np.arange(256), bytes=True)
    return np.asarray(colors[:, :3], dtype=np.float32)


def inverted(picture: np.ndarray, color_map: str | None = None) -> Inversion:
    """The level map that a picture shows.

    Args:
        picture: (H, W, 3) uint8, or (H, W, 4) with transparency, high bands above. A white or
            transparent margin is cut off.
        color_map: the name of its map; None takes the nearest of `COLOR_MAPS`.

    Raises:
        FeatureError: no such map, a picture of one color, or more than 1 % of the pixels with a
            color that is not of the map.
    """
    if color_map is not None and color_map not in COLOR_MAPS:
        raise FeatureError(explain("inverted", f"a map among {COLOR_MAPS}", repr(color_map)))
    inner = _without_margin(picture)
    packed = (inner.astype(np.int64) * (65536, 256, 1)).sum(axis=2)
    values, place, counts = np.unique(packed, return_inverse=True, return_counts=True)
    colors = np.stack([values >> 16, values >> 8 & 255, values & 255], axis=1).astype(np.float32)
    candidates = [
        (name, *_nearest(colors, name)) for name in ([color_map] if color_map else COLOR_MAPS)
    ]
    name, levels, distances = min(candidates, key=lambda c: float((c[2] * counts).sum()))
    far = float(counts[distances > NEAR].sum() / counts.sum())
    if far > FAR_SHARE or len(values) < 2:
        got = f"{far:.1%} of the pixels further than {NEAR:g} of 255 from {name}"
        got = got if len(values) > 1 else "a picture of one color"
        hint = "name another map, or save the pictures without axes, titles and compression."
        raise FeatureError(explain("inverted", "the colors of one known map", got, hint))
    levels = levels[place].reshape(inner.shape[:2])[::-1]
    return Inversion(np.ascontiguousarray(levels), name, float(distances.max()), far)


def _without_margin(picture: np.ndarray) -> np.ndarray:
    """Crop the white or transparent margin, (H, W, 3)."""
    if picture.ndim != 3 or picture.shape[2] not in (3, 4) or picture.dtype != np.uint8:
        got = f"shape {picture.shape} of {picture.dtype}"
        raise FeatureError(explain("inverted", "a picture (H, W, 3 or 4) uint8", got))
    blank = (picture[..., :3] == 255).all(axis=2)
    blank |= (picture[..., 3] == 0) if picture.shape[2] == 4 else False
    rows, columns = (np.flatnonzero(~blank.all(axis=axis)) for axis in (1, 0))
    if not rows.size:
        raise FeatureError(explain("inverted", "a picture", "an empty one"))
    return picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1, :3]


def _nearest(colors: np.ndarray, name: str) -> tuple[np.ndarray, np.ndarray]:
    """The nearest color of the map for each color, and its distance."""
    steps = _colors(name)
    levels = np.empty(len(colors), dtype=np.uint8)
    distances = np.empty(len(colors), dtype=np.float32)
    for start in range(0, len(colors), 4096):
        block = colors[start : start + 4096]
        square = ((block[:, None] - steps) ** 2).sum(axis=2)
        levels[start : start + 4096] = square.argmin(axis=1)
        distances[start : start + 4096] = np.sqrt(square.min(axis=1))
    return levels, distances


def read_picture(path: str | os.PathLike[str], color_map: str | None = None) -> Inversion:
    """The level map that a picture file shows: see `inverted`.

    Raises:
        FeatureError: no such file, no picture, or one that cannot be inverted; the message names
            the file.
    """
    from PIL import Image

    try:
        with Image.open(path) as image:
            picture = np.asarray(image.convert("RGBA"))
        return inverted(picture, color_map)
    except FeatureError as error:
        raise FeatureError(f"{path}: {error}") from error
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise FeatureError(explain(str(path), "a picture", str(error))) from error


@dataclass(frozen=True)
class PictureSource:
    """Gives level maps where other corpora give audio; each is read when it is asked for.

    Args:
        color_map: of the pictures; None finds it for each.
        archive: an `.npz` with `maps` (M, F, T) uint8 and `clip_ids`, in place of pictures.
    """

    color_map: str | None = None
    archive: str = ""

    def levels(self, row: pd.Series) -> np.ndarray:
        """The levels of a clip, (F, T) uint8, low bands first."""
        if self.archive:
            maps, number = _maps(self.archive)
            return np.asarray(maps[number[str(row.name)]])
        return read_picture(row["path"], self.color_map).levels

    def segments(self, row: pd.Series, feature: Any, how: Cutting) -> np.ndarray:
        """A feature of mel levels for each segment of a clip, (S, ...) float32.

        Raises:
            FeatureError: a feature that needs the sound.
        """
        of_levels = getattr(feature, "of_levels", None)
        if of_levels is None:
            hint = "log-mel spectrograms, MFCC and pictures of both can be had."
            raise FeatureError(explain("a picture", "a feature of mel levels", f"{feature}", hint))
        db = (self.levels(row) / np.float32(255) - 1) * np.float32(SPAN_DB)
        level_map, rate = LevelMap(db, float(row["seconds"]), TOP_HZ), feature.sample_rate
        places = np.arange(round(level_map.total_seconds * rate), dtype=np.float64)
        parts = [level_map.part(piece[0] / rate, len(piece) / rate) for piece in how(places, rate)]
        return np.stack([of_levels(part) for part in parts]).astype(np.float32, copy=False)

    def audio(self, row: pd.Series, sample_rate: int) -> np.ndarray:
        """Raises AudioError: a picture holds no audio."""
        hint = "of pictures only features of mel levels can be had; for sound use GTZAN itself."
        raise AudioError(explain(f"clip {row.name!r}", "audio", "a picture", hint))

    def fingerprint(self, row: pd.Series) -> str:
        """A text that changes when the clip's picture changes."""
        content = self.levels(row).tobytes() if self.archive else Path(row["path"]).read_bytes()
        return f"{self.color_map}:{hashlib.sha256(content).hexdigest()}"


@lru_cache(maxsize=2)
def _maps(archive: str) -> tuple[np.ndarray, dict[str, int]]:
    """The maps of an archive, read once in each process (68 MB for GTZAN), and each clip's row."""
    with np.load(archive, allow_pickle=False) as content:
        ids = [str(clip) for clip in content["clip_ids"]]
        return content["maps"], {clip: i for i, clip in enumerate(ids)}


def gtzan_pictures(root: str | os.PathLike[str], *, color_map: str | None = None) -> Corpus:
    """Pictures of GTZAN's spectrograms, whole or a part, from a folder or an archive of maps.

    A folder holds one folder a genre with files such as `blues00000.png` (the public copy's
    `images_original`) or `blues.00000.png`. An archive is an `.npz` with `maps` (M, F, T) uint8,
    low bands first, and `clip_ids`. Bands are taken to be evenly spaced in mel up to 11,025 Hz,
    columns to fill 30 s. The groups are the artists, as for `mgrlib.data.gtzan.gtzan`. A part of
    the clips is named by their number, "gtzan-pictures-100".

    Args:
        root: the folder or the archive.
        color_map: of the pictures: "viridis", "jet" or "magma"; None finds it for each picture.

    Raises:
        CorpusError: no such folder or archive, one without clips, or files of other names.
    """
    path = Path(root)
    if path.suffix == ".npz":
        clips = gtzan_rows(_archived(path), str(path))
        source = PictureSource(color_map, str(path.absolute()))
    else:
        files = _files(path)
        clips = gtzan_rows(files, f"pictures in {str(path)!r}").assign(path=list(files.values()))
        source = PictureSource(color_map)
    clips["seconds"] = GTZAN_SECONDS
    name = gtzan_name("gtzan-pictures", len(clips))
    return Corpus(name, tuple(sorted(clips["genre"].unique())), clips, source)


def _archived(path: Path) -> list[str]:
    """The clip ids of an archive; its shape is checked without reading the maps."""
    form = "maps (M, F, T) uint8 and M clip_ids"
    try:
        with zipfile.ZipFile(path) as archive, archive.open("maps.npy") as stream:
            version = np.lib.format.read_magic(stream)
            header = np.lib.format.read_array_header_1_0 if version == (1, 0) else (
                np.lib.format.read_array_header_2_0
            )  # fmt: skip
            shape, _, dtype = header(stream)
        with np.load(path, allow_pickle=False) as content:
            ids = [str(clip) for clip in content["clip_ids"]]
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise CorpusError(explain(str(path), form, str(error))) from error
    if len(shape) != 3 or dtype != np.uint8 or len(ids) != shape[0]:
        got = f"maps {shape} of {dtype}, {len(ids)} clip_ids"
        raise CorpusError(explain(str(path), form, got))
    return ids


def _files(root: Path) -> dict[str, str]:
    """The picture of each clip, by its id."""
    where = f"pictures in {str(root)!r}"
    base = next((root / p for p in PLACES if _genre_folders(root / p)), None)
    if base is None:
        got = "no such folder in it" if root.is_dir() else "no such folder"
        raise CorpusError(explain(where, LAYOUT, got, "check the path."))
    files: dict[str, str] = {}
    for folder in _genre_folders(base):
        form = re.compile(rf"({re.escape(folder.name)})\.?(\d{{5}})\.png", re.IGNORECASE)
        for file in sorted(folder.iterdir()):
            match = form.fullmatch(file.name)
            if match is None and file.suffix.lower() == ".png" and not hidden(file.name):
                raise CorpusError(explain(where, LAYOUT, f"{folder.name}/{file.name}"))
            if match is not None:
                files[f"{folder.name}.{match[2]}"] = str(file.absolute())
    return files


def _genre_folders(path: Path) -> list[Path]:
    """The direct subfolders that contain pictures."""
    if not path.is_dir():
        return []
    folders = sorted(d for d in path.iterdir() if d.is_dir() and not hidden(d.name))
    return [d for d in folders if any(d.glob("*.png"))]
