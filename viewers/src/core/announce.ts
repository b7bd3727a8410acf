/** One role=status for the page. Many elements that change at once are said as the last few, not as sixty lines. */

const QUIET = 400;
const SAID = 3;

let region: HTMLElement | null = null;
let pending: string[] = [];

export function announce(words: string): void {
  if (!words) return;
  if (!region?.isConnected) {
    region = document.createElement("div");
    region.role = "status";
    // By the property, not by a style attribute: a strict CSP lets this through.
    region.style.cssText = "position:fixed;clip-path:inset(100%)";
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
