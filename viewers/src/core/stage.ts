import css from "./stage.css?inline";

let sheet: CSSStyleSheet | undefined;

/** How what viewers put on a stage looks. Loaded with the first of them. */
export function dress(root: ShadowRoot): void {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
  }
  if (!root.adoptedStyleSheets.includes(sheet)) root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
}
