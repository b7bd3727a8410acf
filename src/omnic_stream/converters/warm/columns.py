"""Column stores opened as Sheets: Parquet, and files of Arrow (Feather 2)."""

# pyarrow carries no complete types
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false, reportMissingTypeStubs=false

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from typing import Any

from omnic_stream.converters.warm.dialect import Positioned
from omnic_stream.converters.warm.sheets import Row, Sheet, headed
from omnic_stream.model.contracts import Call, MiB
from omnic_stream.model.errors import Corrupt


def _arrow_file(call: Call, closing: list[Callable[[], None]]) -> Any:
    import pyarrow as pa

    file = pa.PythonFile(io.BufferedReader(_Whole(call.input), MiB), mode="r")
    closing.append(file.close)
    return file


class _Whole(Positioned):
    """Positioned, and seekable."""

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: os.fstat(self._descriptor).st_size}[whence]
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        return self._at


def parquet(call: Call, closing: list[Callable[[], None]]) -> list[Sheet]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file: Any = pq.ParquetFile(_arrow_file(call, closing))
        schema = file.schema_arrow
        declared = tuple(str(schema.field(number).type) for number in range(len(schema)))
        return [_columnar(schema, lambda: _guarded(file.iter_batches(batch_size=8192)), file.metadata.num_rows, declared)]
    except (pa.ArrowException, OSError, ValueError) as error:
        raise Corrupt("The Parquet file is broken or cut short.") from error


def arrow(call: Call, closing: list[Callable[[], None]]) -> list[Sheet]:
    import pyarrow as pa

    try:
        file: Any = pa.ipc.open_file(_arrow_file(call, closing))
        count = sum(file.get_batch(number).num_rows for number in range(file.num_record_batches))
        schema = file.schema
        declared = tuple(str(schema.field(number).type) for number in range(len(schema)))
        batches = lambda: _guarded(file.get_batch(number) for number in range(file.num_record_batches))  # noqa: E731
        return [_columnar(schema, batches, count, declared)]
    except (pa.ArrowException, OSError, ValueError) as error:
        raise Corrupt("The Arrow file is broken or cut short.") from error


def _guarded(batches: Any) -> Iterator[Any]:
    import pyarrow as pa

    try:
        yield from batches
    except (pa.ArrowException, OSError, ValueError) as error:
        raise Corrupt("The columns cannot be read: the file is broken or cut short.") from error


def _columnar(schema: Any, batches: Callable[[], Iterator[Any]], count: int, declared: tuple[str, ...]) -> Sheet:
    def rows() -> Iterator[Row]:
        for batch in batches():
            columns = [_cells(column) for column in batch.columns]
            yield from zip(*columns, strict=True)

    kinds = tuple(_arrow_kind(schema.field(number).type) for number in range(len(schema)))
    return Sheet(
        "Table", headed(schema.names, len(schema)), kinds, count, rows, native=lambda: (schema, batches()), declared=declared
    )


def _cells(column: Any) -> list[Any]:
    import pyarrow as pa

    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
        column = column.cast(pa.timestamp("us", column.type.tz), safe=False)  # Python's clock has microseconds
    return column.to_pylist()


def _arrow_kind(type: Any) -> str:
    import pyarrow as pa

    kinds = pa.types
    if kinds.is_dictionary(type):
        return _arrow_kind(type.value_type)
    if kinds.is_timestamp(type):
        return "instant" if type.tz else "datetime"
    for test, kind in (
        (kinds.is_boolean, "boolean"), (kinds.is_integer, "integer"), (kinds.is_floating, "number"), (kinds.is_decimal, "number"),
        (kinds.is_date, "date"), (kinds.is_time, "time"), (kinds.is_nested, "nested"), (kinds.is_null, "empty"),
        (kinds.is_binary, "binary"), (kinds.is_large_binary, "binary"), (kinds.is_fixed_size_binary, "binary"),
    ):  # fmt: skip
        if test(type):
            return kind
    return "text"
