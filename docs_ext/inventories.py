"""Write the inventories in book/_inv: names of other libraries in our signatures.

They link the types of the API reference to their documentation without a network.
"""

from __future__ import annotations

import zlib
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "book/_inv"
NAMES = {
    "python": {
        "pathlib.Path": ("py:class", "library/pathlib.html#$"),
        "collections.abc.Callable": ("py:class", "library/collections.abc.html#$"),
        "collections.abc.Iterator": ("py:class", "library/collections.abc.html#$"),
        "collections.abc.Iterable": ("py:class", "library/collections.abc.html#$"),
        "collections.abc.Mapping": ("py:class", "library/collections.abc.html#$"),
        "collections.abc.Sequence": ("py:class", "library/collections.abc.html#$"),
        "types.ModuleType": ("py:class", "library/types.html#$"),
        "typing.Any": ("py:class", "library/typing.html#$"),
        "dataclasses.dataclass": ("py:function", "library/dataclasses.html#$"),
        "int": ("py:class", "library/functions.html#$"),
        "float": ("py:class", "library/functions.html#$"),
        "bool": ("py:class", "library/functions.html#$"),
        "str": ("py:class", "library/stdtypes.html#$"),
        "bytes": ("py:class", "library/stdtypes.html#$"),
        "list": ("py:class", "library/stdtypes.html#$"),
        "dict": ("py:class", "library/stdtypes.html#$"),
        "tuple": ("py:class", "library/stdtypes.html#$"),
        "set": ("py:class", "library/stdtypes.html#$"),
        "frozenset": ("py:class", "library/stdtypes.html#$"),
        "type": ("py:class", "library/functions.html#$"),
        "object": ("py:class", "library/functions.html#$"),
        "None": ("py:data", "library/constants.html#$"),
        "ValueError": ("py:exception", "library/exceptions.html#$"),
        "OSError": ("py:exception", "library/exceptions.html#$"),
        "RuntimeError": ("py:exception", "library/exceptions.html#$"),
    },
    "numpy": {
        "numpy.ndarray": ("py:class", "reference/generated/$.html"),
        "numpy.dtype": ("py:class", "reference/generated/$.html"),
        "numpy.float32": ("py:class", "reference/arrays.scalars.html#$"),
        "numpy.random.Generator": ("py:class", "reference/random/generator.html#$"),
    },
    "pandas": {
        "pandas.DataFrame": ("py:class", "reference/api/$.html"),
        "pandas.Series": ("py:class", "reference/api/$.html"),
    },
    "matplotlib": {
        "matplotlib.axes.Axes": ("py:class", "api/_as_gen/$.html"),
        "matplotlib.axes._axes.Axes": ("py:class", "api/_as_gen/matplotlib.axes.Axes.html"),
        "matplotlib.figure.Figure": ("py:class", "api/figure_api.html#$"),
    },
    "torch": {
        "torch.Tensor": ("py:class", "tensors.html"),
        "torch.device": ("py:class", "tensor_attributes.html"),
        "torch._C.Generator": ("py:class", "generated/torch.Generator.html"),
        "torch.nn.Module": ("py:class", "generated/torch.nn.Module.html"),
        "torch.nn.modules.module.Module": ("py:class", "generated/torch.nn.Module.html"),
        "torch.optim.optimizer.Optimizer": ("py:class", "optim.html"),
        "torch.optim.lr_scheduler.LRScheduler": ("py:class", "optim.html"),
        "torch.utils.data.Dataset": ("py:class", "data.html#$"),
    },
}


def inventory(project: str, names: dict[str, tuple[str, str]]) -> bytes:
    """A Sphinx inventory, version 2, of names with their kind and page."""
    header = (
        "# Sphinx inventory version 2\n"
        f"# Project: {project}\n"
        "# Version: 0\n"
        "# The remainder of this file is compressed using zlib.\n"
    )
    lines = [f"{name} {kind} 1 {page} -\n" for name, (kind, page) in names.items()]
    return header.encode() + zlib.compress("".join(lines).encode(), 9)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for project, names in NAMES.items():
        (FOLDER / f"{project}.inv").write_bytes(inventory(project, names))
