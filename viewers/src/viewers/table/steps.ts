/** Where keys lead in a table. Pure. */

export interface Place {
  /** -1: the row of names. */
  row: number;
  column: number;
}

interface Bounds {
  readonly rows: number;
  readonly columns: number;
  /** Rows in sight. */
  readonly page: number;
  /** 1 where text runs to the right, -1 where it runs to the left. */
  readonly on: number;
  /** With Ctrl or Command: to the edge. */
  readonly wide: boolean;
}

/** May lie outside; null for a key that leads nowhere. */
export function step(key: string, { row, column }: Place, { rows, columns, page, on, wide }: Bounds): Place | null {
  const side = (way: number): Place => ({ row, column: wide ? (way > 0 ? columns - 1 : 0) : column + way });
  switch (key) {
    case "ArrowRight":
      return side(on);
    case "ArrowLeft":
      return side(-on);
    case "ArrowDown":
      return { row: wide ? rows - 1 : row + 1, column };
    case "ArrowUp":
      return { row: wide ? 0 : row - 1, column };
    case "PageDown":
      return { row: row + page, column };
    case "PageUp":
      return { row: Math.max(row - page, 0), column };
    case "Home":
      return { row: wide ? 0 : row, column: 0 };
    case "End":
      return { row: wide ? rows - 1 : row, column: columns - 1 };
    default:
      return null;
  }
}
