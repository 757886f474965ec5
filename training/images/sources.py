"""Where the bytes of image files come from, by row: a folder, parquet, pixels in memory."""

import json
import tempfile
import weakref
from threading import Lock

from tqdm import tqdm

from training.errors import DataError

BLOCK = 256  # rows of parquet that are read at a time


def from_parquet(path):
    """Unpack a parquet file.

    Parameters
    ----------
    path : path
        With the columns `image{bytes, path}` and `label`.

    Returns
    -------
    source : Packed
    classes : list of str
        What each row's label is called; the number where the file doesn't name it.

    Raises
    ------
    DataError
        No parquet file, or one with other columns.
    """
    import pyarrow.parquet as parquet
    from pyarrow import ArrowInvalid, types

    try:
        table = parquet.ParquetFile(path)
    except ArrowInvalid as error:
        raise DataError(f"{path}: not a parquet file: {error}") from error
    schema = table.schema_arrow
    image = schema.field("image").type if "image" in schema.names else None
    if (image is None or not types.is_struct(image) or image.get_field_index("bytes") < 0
            or "label" not in schema.names):
        raise DataError(f"{path}: the columns image{{bytes, path}} and label were expected, "
                        f"found {', '.join(schema.names)}.")
    packed, labels = Packed(), []
    with tqdm(total=table.metadata.num_rows, desc=f"unpack {path.name}", unit="img",
              mininterval=1) as bar:
        for batch in table.iter_batches(BLOCK, columns=["image", "label"]):
            for row in batch.to_pylist():
                image = row["image"] or {}
                packed.add(image.get("path") or f"row {len(packed)}", image.get("bytes") or b"")
                labels.append(row["label"])
            bar.update(len(batch))
    # The Hub keeps the classes' names in the schema, which labels are numbers of.
    schema_of_hub = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
    names = schema_of_hub.get("info", {}).get("features", {}).get("label", {}).get("names")
    return packed, [names[label] if names and isinstance(label, int) and 0 <= label < len(names)
                    else str(label) for label in labels]


class Folder:
    """Files of a folder."""

    def __init__(self, paths, root):
        self.paths, self.root = paths, root

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, row):
        return self.paths[row].read_bytes()

    def name(self, row):
        """Its path in the folder."""
        return str(self.paths[row].relative_to(self.root))


class Packed:
    """Files one behind the other in a temporary file: parquet knows no way to one row."""

    def __init__(self):
        self.file, self.ends, self.names = tempfile.TemporaryFile(), [0], []
        self.lock = Lock()  # the threads that read share one place in the file
        weakref.finalize(self, self.file.close)

    def __len__(self):
        return len(self.names)

    def add(self, name, data):
        """Append a file."""
        self.file.write(data)
        self.ends.append(self.ends[-1] + len(data))
        self.names.append(name)

    def __getitem__(self, row):
        start, end = self.ends[row], self.ends[row + 1]
        with self.lock:
            self.file.seek(start)
            return self.file.read(end - start)

    def name(self, row):
        """What the parquet file calls it."""
        return self.names[row]


class Pixels:
    """Images that are in memory anyway."""

    def __init__(self, images):
        self.images = images

    def __len__(self):
        return len(self.images)

    def __getitem__(self, row):
        return self.images[row]

    def name(self, row):
        """It has none but its number."""
        return f"generated image {row}"


class Joined:
    """One source behind the other."""

    def __init__(self, first, second):
        self.first, self.second = first, second

    def __len__(self):
        return len(self.first) + len(self.second)

    def __getitem__(self, row):
        source, row = self._place(row)
        return source[row]

    def name(self, row):
        """What its source calls it."""
        source, row = self._place(row)
        return source.name(row)

    def _place(self, row):
        ahead = len(self.first)
        return (self.first, row) if row < ahead else (self.second, row - ahead)
