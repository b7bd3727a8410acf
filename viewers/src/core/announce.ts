/** One role=status for the page. Many elements that change at once are said as the last few, not as sixty lines. */

const QUIET = 400;
const SAID = 3;

let region: HTMLElement | null = null;
let pending: string[] = [];

export function announce(words: string): void {
  if (!words) return;
  if (!region?.isConnected) {
    region = document.createElement("div");
    region.setAttribute("role", "status");
    // By properties, not by a style attribute: a strict CSP lets these through.
    Object.assign(region.style, {
      position: "absolute",
      inlineSize: "1px",
      blockSize: "1px",
      overflow: "hidden",
      clipPath: "inset(50%)",
      whiteSpace: "nowrap",
    });
    document.body.append(region);
  }
  if (!pending.length) {
    setTimeout(() => {
      if (region) region.textContent = [...new Set(pending)].slice(-SAID).join(". ");
      pending = [];
    }, QUIET);
  }
  pending.push(words);
}
