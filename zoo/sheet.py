"""A contact sheet: every picture that was made, in a grid with labels, so that a person can look at the whole zoo at once."""

from __future__ import annotations

import io
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pypdfium2 as pdfium
import pyvips
from PIL import Image, ImageDraw, ImageFont

from zoo.asking import Outcome

CELL, LABEL, COLUMNS = 160, 30, 10
BOARD = 8
"""Pixels of a square of the board behind, which shows what is transparent."""
COLOURS = {"right": "black", "wrong": "red"}


def draw(outcomes: Sequence[Outcome], file: Path) -> int:
    """How many pictures there are."""
    shown = [(outcome, picture) for outcome in outcomes if (picture := _picture(outcome)) is not None]
    rows = -(-len(shown) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * (CELL + 4), max(rows, 1) * (CELL + LABEL + 4)), "white")
    pen = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(11)
    for number, (outcome, picture) in enumerate(shown):
        x, y = number % COLUMNS * (CELL + 4), number // COLUMNS * (CELL + LABEL + 4)
        picture.thumbnail((CELL, CELL))
        if max(picture.size) < CELL // 4:
            scale = CELL // 2 // max(picture.size)
            picture = picture.resize((picture.width * scale, picture.height * scale), Image.Resampling.NEAREST)
        board = _board(picture.size)
        board.paste(picture, (0, 0), picture.convert("RGBA"))
        sheet.paste(board, (x, y))
        name = outcome.row.path.partition("/")[2]
        pen.text(
            (x, y + CELL),
            f"{name[:26]}\n{outcome.row.format} > {outcome.target}",
            fill=COLOURS.get(outcome.state, "gray"),
            font=font,
            spacing=1,
        )
    sheet.save(file)
    return len(shown)


def _board(size: tuple[int, int]) -> Image.Image:
    board = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(board)
    for x in range(0, size[0], BOARD):
        for y in range(x // BOARD % 2 * BOARD, size[1], 2 * BOARD):
            pen.rectangle((x, y, x + BOARD - 1, y + BOARD - 1), fill="#dde")
    return board


def _picture(outcome: Outcome) -> Image.Image | None:
    """The result itself, a PDF's first page, a film's frame after a third; None for what is no picture."""
    try:
        if not outcome.made:
            return None
        kind = outcome.media_type.partition(";")[0]
        if kind == "image/svg+xml":
            return Image.fromarray(pyvips.Image.svgload_buffer(outcome.made, scale=1).thumbnail_image(CELL).numpy()).convert("RGBA")
        if kind.startswith("image/"):
            return Image.open(io.BytesIO(outcome.made)).convert("RGBA")
        if kind == "application/pdf":
            return pdfium.PdfDocument(outcome.made)[0].render(scale=0.5).to_pil().convert("RGBA")
        if kind.startswith("video/"):
            return _frame(outcome.made)
    except (OSError, ValueError, pyvips.Error, pdfium.PdfiumError):
        return None
    return None


def _frame(made: bytes) -> Image.Image | None:
    with tempfile.NamedTemporaryFile() as file:
        file.write(made)
        file.flush()
        argv = (
            "ffmpeg",
            "-v",
            "error",
            "-i",
            file.name,
            "-vf",
            "select=eq(n\\,8)",
            "-frames:v",
            "1",
            "-f",
            "image2pipe",
            "-c:v",
            "png",
            "-",
        )
        ended = subprocess.run(argv, capture_output=True, check=False, timeout=60)
    return Image.open(io.BytesIO(ended.stdout)).convert("RGBA") if ended.stdout else None
