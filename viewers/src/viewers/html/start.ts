/** `L12`, `12` or `line=12` is a line of code, anything else the id of a place in the document. Without the `#`. */
export function fragment(start: string): string {
  const bare = start.replace(/^#/, "");
  const line = /^(?:L|line=)?(\d{1,7})$/i.exec(bare)?.[1];
  return line ? `L${Number(line)}` : bare;
}
