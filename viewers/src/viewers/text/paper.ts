/** Lines in a window: blocks of them have elements only while they are near it, and keep their height otherwise. */

import { make } from "../../kit/find/controls.ts";
import { type Line, lower } from "./lines.ts";

/** Lines of a block. */
const BLOCK = 200;
const ALL = "omnic-text-found";
const ONE = "omnic-text-now";
/** Screens below the window that are read ahead. */
const AHEAD = 2;

interface Block {
  readonly box: HTMLElement;
  readonly lines: Line[];
  near: boolean;
}

interface Match {
  readonly block: number;
  readonly line: number;
  readonly at: number;
}

export interface Told {
  /** From 1; 0 for none. */
  readonly at: number;
  readonly total: number;
}

export class Paper {
  readonly scroller = make("div", "paper");
  readonly #near: IntersectionObserver;
  #blocks: Block[] = [];
  #byBox = new Map<Element, Block>();
  #query = "";
  #matches: Match[] = [];
  /** Blocks that were searched. */
  #searched = 0;
  #now = -1;
  #pointed = 0;
  /** The number of the last line that is there. */
  last = 0;
  /** Whether lines have numbers: not where the reading began somewhere in the file. */
  numbered = true;

  constructor(title: string) {
    this.scroller.tabIndex = 0;
    this.scroller.role = "region";
    this.scroller.ariaLabel = title;
    this.#near = new IntersectionObserver((entries) => this.#approach(entries), {
      root: this.scroller,
      rootMargin: "100% 0px",
    });
  }

  /** Whether more should be read. */
  get isShort(): boolean {
    const { scrollTop, clientHeight, scrollHeight } = this.scroller;
    return clientHeight > 0 && scrollHeight - scrollTop < (AHEAD + 1) * clientHeight;
  }

  add(lines: readonly Line[]): void {
    for (let from = 0; from < lines.length; from += BLOCK) {
      const block: Block = { box: make("div", "block"), lines: lines.slice(from, from + BLOCK), near: false };
      // About as high as it will be; what is measured later replaces it.
      block.box.style.blockSize = `calc(${block.lines.length} * 1lh)`;
      this.#blocks.push(block);
      this.#byBox.set(block.box, block);
      this.scroller.append(block.box);
      this.#near.observe(block.box);
    }
    const last = lines.findLast(({ number }) => number !== null)?.number;
    if (last) this.last = last;
    else if (lines.length && !this.last) this.numbered = false;
    this.scroller.style.setProperty("--digits", String(Math.max(3, String(this.last).length)));
    this.scroller.classList.toggle("numbered", this.numbered);
  }

  clear(): void {
    this.#near.disconnect();
    this.scroller.replaceChildren();
    this.#blocks = [];
    this.#byBox.clear();
    this.last = 0;
    this.numbered = true;
    this.#forget();
  }

  /** On or off; whether it is on now. */
  wrap(): boolean {
    const off = this.scroller.classList.toggle("long");
    for (const { box, lines, near } of this.#blocks) if (!near) box.style.blockSize = `calc(${lines.length} * 1lh)`;
    return !off;
  }

  /** Mark a line and show it. */
  point(number: number): void {
    const block = this.#blocks.find(
      ({ lines }) => (lines.findLast((line) => line.number !== null)?.number ?? 0) >= number,
    );
    if (!block) return;
    this.#pointed = number;
    this.#fill(block);
    const line = block.box.querySelector(`[data-n="${number}"]`);
    line?.scrollIntoView({ block: "center" });
  }

  // --- elements -------------------------------------------------------------------------------------------------------------

  #approach(entries: readonly IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of entries) {
      const block = this.#byBox.get(target);
      if (!block || block.near === isIntersecting) continue;
      if (isIntersecting) this.#fill(block);
      else {
        block.box.style.blockSize = `${block.box.offsetHeight}px`;
        block.box.replaceChildren();
        block.near = false;
      }
    }
    this.#mark();
  }

  #fill(block: Block): void {
    if (block.near) {
      block.box.querySelector(".pointed")?.classList.remove("pointed");
      block.box.querySelector(`[data-n="${this.#pointed}"]`)?.classList.add("pointed");
      return;
    }
    block.near = true;
    block.box.style.blockSize = "";
    block.box.append(
      ...block.lines.map(({ text, number }) => {
        const line = make("div", number !== null && number === this.#pointed ? "line pointed" : "line", text || "\n");
        if (number !== null) line.dataset.n = String(number);
        return line;
      }),
    );
  }

  // --- search ---------------------------------------------------------------------------------------------------------------

  search(query: string): Told {
    this.#forget();
    this.#query = lower(query);
    this.again();
    if (!this.#matches.length) return { at: 0, total: 0 };
    const top = this.scroller.scrollTop;
    const first = this.#matches.findIndex(({ block }) => {
      const box = this.#blocks[block]?.box;
      return box ? box.offsetTop + box.offsetHeight > top : false;
    });
    return this.#goTo(Math.max(0, first));
  }

  /** Also in what came since. */
  again(): Told {
    if (this.#query) {
      for (; this.#searched < this.#blocks.length; this.#searched++) {
        this.#blocks[this.#searched]?.lines.forEach(({ text }, line) => {
          const small = lower(text);
          for (let at = small.indexOf(this.#query); at >= 0; at = small.indexOf(this.#query, at + this.#query.length))
            this.#matches.push({ block: this.#searched, line, at });
        });
      }
      if (this.#now < 0 && this.#matches.length) return this.#goTo(0);
      this.#mark();
    }
    return { at: this.#now + 1, total: this.#matches.length };
  }

  step(by: 1 | -1): Told {
    const count = this.#matches.length;
    return count ? this.#goTo((this.#now + by + count) % count) : { at: 0, total: 0 };
  }

  #goTo(index: number): Told {
    const match = this.#matches[index];
    const block = match && this.#blocks[match.block];
    if (match && block) {
      this.#now = index;
      this.#fill(block);
      block.box.children[match.line]?.scrollIntoView({ block: "nearest" });
      this.#mark();
    }
    return { at: this.#now + 1, total: this.#matches.length };
  }

  #mark(): void {
    if (!this.#query || typeof Highlight === "undefined") return;
    const all = new Highlight();
    const one = new Highlight();
    one.priority = 1;
    const length = this.#query.length;
    // Only what has elements; matches stand in the order of the blocks.
    const near = new Set(this.#blocks.flatMap(({ near }, index) => (near ? [index] : [])));
    this.#matches.forEach(({ block, line, at }, index) => {
      if (!near.has(block)) return;
      const node = this.#blocks[block]?.box.children[line]?.firstChild;
      if (!node) return;
      const range = new StaticRange({
        startContainer: node,
        startOffset: at,
        endContainer: node,
        endOffset: at + length,
      });
      (index === this.#now ? one : all).add(range);
    });
    CSS.highlights.set(ALL, all);
    CSS.highlights.set(ONE, one);
  }

  #forget(): void {
    this.#query = "";
    this.#matches = [];
    this.#searched = 0;
    this.#now = -1;
    if (typeof Highlight === "undefined") return;
    for (const name of [ALL, ONE]) CSS.highlights.delete(name);
  }

  destroy(): void {
    this.clear();
  }
}
