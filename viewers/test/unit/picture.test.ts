import { describe, expect, it } from "vitest";
import { fitting, held, overflows, pinched, scaled, wheeled } from "../../src/kit/picture/geometry.ts";

const picture = { width: 1600, height: 800 };
const frame = { width: 400, height: 300 };
const free = (scale: number): number => scale;

/** Where a point of the picture (from its middle, in its pixels) is in the frame. */
const seen = (look: { scale: number; x: number; y: number }, x: number, y: number): number[] => [
  look.x + x * look.scale,
  look.y + y * look.scale,
];

describe("a picture in its frame", () => {
  it("fits by its longer side", () => {
    expect(fitting(picture, frame)).toBe(0.25);
    expect(fitting({ width: 800, height: 1600 }, frame)).toBe(300 / 1600);
    expect(fitting({ width: 16, height: 16 }, frame)).toBe(300 / 16);
  });

  it("keeps what is under the pointer there", () => {
    const look = { scale: 0.5, x: 30, y: -20 };
    const point = { x: 80, y: 40 };
    const on = [(point.x - look.x) / look.scale, (point.y - look.y) / look.scale] as const;
    for (const scale of [0.1, 0.5, 3, 32]) {
      const [x, y] = seen(scaled(look, scale, point), ...on) as [number, number];
      expect(x).toBeCloseTo(point.x, 9);
      expect(y).toBeCloseTo(point.y, 9);
    }
  });

  it("follows two fingers", () => {
    const look = { scale: 1, x: 10, y: 5 };
    const before = [
      { x: -50, y: 0 },
      { x: 50, y: 20 },
    ] as const;
    const now = [
      { x: -140, y: 30 },
      { x: 60, y: 70 },
    ] as const; // twice as far apart, and moved
    const after = pinched(look, before, now, free);
    expect(after.scale).toBeCloseTo(2, 9);
    for (const [index, finger] of before.entries()) {
      const on = [finger.x - look.x, finger.y - look.y] as const;
      const [x, y] = seen(after, ...on) as [number, number];
      expect(x).toBeCloseTo(now[index as 0 | 1].x, 9);
      expect(y).toBeCloseTo(now[index as 0 | 1].y, 9);
    }
  });

  it("moves with two fingers that want more than the limit", () => {
    const before = [
      { x: -10, y: 0 },
      { x: 10, y: 0 },
    ] as const;
    const now = [
      { x: -90, y: 40 },
      { x: 110, y: 40 },
    ] as const;
    expect(pinched({ scale: 8, x: 0, y: 0 }, before, now, (scale) => Math.min(scale, 8))).toEqual({
      scale: 8,
      x: 10,
      y: 40,
    });
  });

  it("never leaves an edge where there is more to see, and stands in the middle where there is not", () => {
    expect(held({ scale: 1, x: 5000, y: -5000 }, picture, frame)).toEqual({ scale: 1, x: 600, y: -250 });
    expect(held({ scale: 0.25, x: 99, y: 99 }, picture, frame)).toEqual({ scale: 0.25, x: 0, y: 0 });
    expect(held({ scale: 0.3, x: 99, y: 99 }, picture, frame)).toEqual({ scale: 0.3, x: 40, y: 0 });
  });

  it("knows whether there is more to see", () => {
    expect(overflows({ scale: 0.25, x: 0, y: 0 }, picture, frame)).toBe(false);
    expect(overflows({ scale: 0.2501, x: 0, y: 0 }, picture, frame)).toBe(false);
    expect(overflows({ scale: 0.26, x: 0, y: 0 }, picture, frame)).toBe(true);
  });

  it("is zoomed by a wheel as far out as in, and by no turn more than a step", () => {
    const turn = (deltaY: number, deltaMode = 0, ctrlKey = false): number => wheeled({ deltaY, deltaMode, ctrlKey });
    expect(turn(100) * turn(-100)).toBeCloseTo(1, 9);
    expect(turn(-3, 1)).toBeCloseTo(turn(-48), 9);
    expect(turn(-100_000)).toBe(turn(-240));
    expect(turn(-4, 0, true)).toBeGreaterThan(turn(-4));
  });
});
