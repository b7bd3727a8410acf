"""Medical pictures: one frame as a radiologist's screen shows it (DICOM PS3.3 section C.11, PS3.4 section N.2)."""

from __future__ import annotations

from typing import Any, BinaryIO

from omnic_stream.converters.warm import pixels
from omnic_stream.model.errors import ConverterFailed, Corrupt, OmnicError

Array = Any
CODECS = {
    "1.2.840.10008.1.2.4.57": "jpegsof3_decode",
    "1.2.840.10008.1.2.4.70": "jpegsof3_decode",
    "1.2.840.10008.1.2.4.80": "jpegls_decode",
    "1.2.840.10008.1.2.4.81": "jpegls_decode",
    "1.2.840.10008.1.2.4.90": "jpeg2k_decode",
    "1.2.840.10008.1.2.4.91": "jpeg2k_decode",
}
"""By transfer syntax, what pydicom has no decoder for without libraries of its own."""


def frame(file: BinaryIO, page: int) -> Array:
    """8 bits, height x width (x 3). Raises Corrupt, ConverterFailed where there is no picture, TooExpensive."""
    import pydicom

    dataset: Any
    try:
        dataset = pydicom.dcmread(file)
        rows, columns = int(dataset.get("Rows", 0) or 0), int(dataset.get("Columns", 0) or 0)
        count = int(dataset.get("NumberOfFrames", 1) or 1)
    except Exception as error:  # a parser in Python raises whatever hostile content drives it to
        raise Corrupt("The medical file is broken or cut short: it cannot be read.") from error
    if "PixelData" not in dataset:
        raise ConverterFailed("The medical file holds no picture: it is a report, a plan or a measurement.")
    pixels.check_size(columns, rows)
    if page >= count:
        raise pixels.no_such_page(count)
    try:
        return _shown(dataset, _values(dataset, page, count))
    except OmnicError:
        raise
    except Exception as error:
        raise Corrupt("The medical picture is broken, or compressed in a way that is not known here.") from error


def _values(dataset: Any, page: int, count: int) -> Array:
    from pydicom.pixels.utils import pixel_array

    codec = CODECS.get(str(dataset.file_meta.TransferSyntaxUID))
    if codec is None:
        return pixel_array(dataset, index=page)
    import imagecodecs
    from pydicom.encaps import get_frame

    values = getattr(imagecodecs, codec)(get_frame(dataset.PixelData, page, number_of_frames=count))
    if dataset.get("PixelRepresentation") == 1 and values.dtype.kind == "u":  # the codestream's own sign is not always set
        values = values.view(values.dtype.str.replace("u", "i"))
    return values


def _shown(dataset: Any, values: Array) -> Array:
    import numpy as np
    from pydicom.pixels.processing import apply_color_lut, apply_modality_lut, apply_voi_lut

    kind = str(dataset.get("PhotometricInterpretation", "MONOCHROME2"))
    if kind == "PALETTE COLOR":
        values = apply_color_lut(values, dataset)
    if values.ndim == 3:
        return values if values.dtype == np.uint8 else (values >> 8).astype(np.uint8)
    grey = apply_modality_lut(values, dataset).astype(np.float64)
    if "VOILUTSequence" in dataset:
        grey = np.asarray(apply_voi_lut(grey, dataset), np.float64)
        low, high = float(grey.min()), float(grey.max())
    elif "WindowCenter" in dataset and "WindowWidth" in dataset:
        centre, width = _first(dataset.WindowCenter), _first(dataset.WindowWidth)
        low, high = centre - 0.5 - (width - 1) / 2, centre - 0.5 + (width - 1) / 2
    else:
        kept = grey[values != dataset.PixelPaddingValue] if "PixelPaddingValue" in dataset else grey
        low, high = (float(kept.min()), float(kept.max())) if kept.size else (0.0, 0.0)
    shade = np.clip((grey - low) * (255 / (high - low) if high > low else 0), 0, 255)
    return ((255 - shade if kind == "MONOCHROME1" else shade) + 0.5).astype(np.uint8)


def _first(value: Any) -> float:
    """Of several windows the first is the one to begin with."""
    return float(value[0] if hasattr(value, "__getitem__") and not isinstance(value, str) else value)
