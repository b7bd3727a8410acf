/** Where a picture is in its frame. Pure; lengths in CSS pixels. */

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** The picture's scale, and where its middle is, from the frame's middle. */
export interface Look extends Point {
  readonly scale: number;
}

/** The largest scale at which all of it is seen. */
export const fitting = (picture: Size, frame: Size): number =>
  Math.min(frame.width / picture.width, frame.height / picture.height) || 1;

/** Another scale, with what is at `point` (from the frame's middle) still there. */
export function scaled(look: Look, scale: number, point: Point = { x: 0, y: 0 }): Look {
  const by = scale / look.scale;
  return { scale, x: point.x - (point.x - look.x) * by, y: point.y - (point.y - look.y) * by };
}

/** What was under two fingers is under them still. */
export function pinched(
  look: Look,
  before: readonly [Point, Point],
  now: readonly [Point, Point],
  within: (scale: number) => number,
): Look {
  const apart = ([one, other]: readonly [Point, Point]): number => Math.hypot(one.x - other.x, one.y - other.y);
  const from = middle(before);
  const to = middle(now);
  const { scale, x, y } = scaled(look, within(look.scale * (apart(now) / (apart(before) || 1))), from);
  return { scale, x: x + to.x - from.x, y: y + to.y - from.y };
}

const middle = ([one, other]: readonly [Point, Point]): Point => ({
  x: (one.x + other.x) / 2,
  y: (one.y + other.y) / 2,
});

/** The nearest look at which no side that could be covered shows the ground: what is smaller than the frame stands in its middle. */
export function held(look: Look, picture: Size, frame: Size): Look {
  const kept = (at: number, long: number, room: number): number => {
    const most = Math.max(0, (long * look.scale - room) / 2);
    return Math.min(Math.max(at, -most), most);
  };
  return {
    scale: look.scale,
    x: kept(look.x, picture.width, frame.width),
    y: kept(look.y, picture.height, frame.height),
  };
}

/** Whether there is more of it than the frame shows, by more than a rounding. */
export const overflows = ({ scale }: Look, picture: Size, frame: Size): boolean =>
  picture.width * scale > frame.width + 1 || picture.height * scale > frame.height + 1;

/** The factor of one turn of a wheel, or of two fingers on a trackpad (which browsers say with the control key). */
export function wheeled({ deltaY, deltaMode, ctrlKey }: Pick<WheelEvent, "deltaY" | "deltaMode" | "ctrlKey">): number {
  const pixels = deltaY * (deltaMode === 0 ? 1 : deltaMode === 1 ? 16 : 400);
  return Math.exp(-Math.min(Math.max(pixels, -240), 240) * (ctrlKey ? 0.01 : 0.002));
}
