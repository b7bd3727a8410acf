/** A file that grows at its end, fetched piece by piece (RFC 9110 section 14). */

/** Bytes that are asked for again, to see that the file went on and did not begin anew. */
const SEAM = 64;

export interface Grown {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The file is another one than before: these are its bytes from the beginning. */
  readonly anew: boolean;
}

export class Tail {
  #from: number;
  #end: number;
  #seam = new Uint8Array();
  #etag: string | null = null;

  /** `end`: bytes that are known already; what is fetched first begins there. */
  constructor(end = 0) {
    this.#from = this.#end = end;
  }

  /** Where what is known begins, in bytes. */
  get from(): number {
    return this.#from;
  }

  /** What came since; null for nothing. Rejects where there is no answer. */
  async next(href: string, signal: AbortSignal): Promise<Grown | null> {
    const at = this.#end - this.#seam.length;
    const headers: Record<string, string> = at ? { Range: `bytes=${at}-` } : {};
    if (this.#etag) headers["If-None-Match"] = this.#etag;
    const response = await fetch(href, { headers, signal, cache: "no-store" });
    const { status } = response;
    if (status === 304 || status === 202) return null; // the same, or not there yet
    if (status === 416) {
      const whole = Number(/\/(\d+)$/.exec(response.headers.get("Content-Range") ?? "")?.[1] ?? Number.NaN);
      return whole < this.#end ? this.#again(href, signal) : null;
    }
    if (!response.ok) throw new Error(`${status} ${response.statusText}`.trim());
    this.#etag = response.headers.get("ETag");
    const all = new Uint8Array(await response.arrayBuffer());
    const begins = status === 206 ? Number(/bytes (\d+)-/.exec(response.headers.get("Content-Range") ?? "")?.[1]) : 0;
    const seam = all.subarray(at - begins, at - begins + this.#seam.length);
    const goesOn = begins <= at && seam.length === this.#seam.length && seam.every((byte, n) => byte === this.#seam[n]);
    if (!goesOn) return begins ? this.#again(href, signal) : this.#took(all, 0, true);
    const fresh = all.slice(this.#end - begins);
    return fresh.length ? this.#took(fresh, this.#end, false) : null;
  }

  /** The piece before what is known, at most so many bytes. */
  async before(href: string, most: number, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    const from = Math.max(this.#from - most, 0);
    const response = await fetch(href, {
      headers: { Range: `bytes=${from}-${this.#from - 1}` },
      signal,
      cache: "no-store",
    });
    if (response.status !== 206) throw new Error(`${response.status} ${response.statusText}`.trim());
    this.#from = from;
    return new Uint8Array(await response.arrayBuffer());
  }

  #again(href: string, signal: AbortSignal): Promise<Grown | null> {
    this.#from = this.#end = 0;
    this.#seam = new Uint8Array();
    this.#etag = null;
    return this.next(href, signal).then((grown) => grown && { ...grown, anew: true });
  }

  #took(bytes: Uint8Array<ArrayBuffer>, at: number, anew: boolean): Grown {
    if (anew) {
      this.#from = 0;
      this.#seam = new Uint8Array();
    }
    this.#end = at + bytes.length;
    const both = new Uint8Array([...this.#seam, ...bytes.slice(-SEAM)]);
    this.#seam = both.slice(-SEAM);
    return { bytes, anew };
  }
}
