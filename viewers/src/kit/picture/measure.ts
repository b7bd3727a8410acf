/** How large a picture says that it is, by the first bytes of its file. Pure. */

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Null where the bytes do not tell, or not so early. PNG, GIF, BMP, WebP and JPEG by their specifications. */
export function measure(bytes: Uint8Array): Size | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tag = (at: number, length: number): string => String.fromCharCode(...bytes.subarray(at, at + length));
  try {
    if (tag(1, 3) === "PNG") return { width: view.getUint32(16), height: view.getUint32(20) };
    if (tag(0, 3) === "GIF") return { width: view.getUint16(6, true), height: view.getUint16(8, true) };
    if (tag(0, 2) === "BM")
      return { width: Math.abs(view.getInt32(18, true)), height: Math.abs(view.getInt32(22, true)) };
    if (tag(0, 4) === "RIFF" && tag(8, 4) === "WEBP") return webp(view, tag(12, 4));
    if (view.getUint16(0) === 0xffd8) return jpeg(view);
  } catch (reason) {
    if (!(reason instanceof RangeError)) throw reason; // cut off before it said so
  }
  return null;
}

function webp(view: DataView, chunk: string): Size | null {
  if (chunk === "VP8X") {
    const three = (at: number): number => 1 + (view.getUint16(at, true) | (view.getUint8(at + 2) << 16));
    return { width: three(24), height: three(27) };
  }
  if (chunk === "VP8 ") return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
  if (chunk !== "VP8L") return null;
  const bits = view.getUint32(21, true);
  return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff) };
}

/** The first start of a frame (ITU T.81 annex B): SOF0 to SOF15 without DHT, JPG and DAC. */
function jpeg(view: DataView): Size | null {
  for (let at = 2; ; at += 2 + view.getUint16(at + 2)) {
    while (view.getUint8(at + 1) === 0xff) at += 1; // fill bytes
    if (view.getUint8(at) !== 0xff) return null;
    const marker = view.getUint8(at + 1);
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      return { width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
    }
  }
}
