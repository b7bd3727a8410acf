import type { Mounted, Shown, Stage } from "../../core/registry.ts";
import css from "./index.css?inline";

const WIDTH = 1200;

/** A PDF as pictures of its pages, made by the service one at a time, beside a link to the file itself. */
export async function mount(root: HTMLElement, shown: Shown, stage: Stage): Promise<Mounted> {
  stage.dress(css);
  const { signal, say } = stage;
  const button = (text: string): HTMLButtonElement => {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "plain";
    made.textContent = text;
    return made;
  };
  const back = button(say("pdf.previous"));
  const on = button(say("pdf.next"));
  const number = document.createElement("span");
  number.className = "grow";
  const link = document.createElement("a");
  link.className = "plain";
  link.href = shown.href;
  link.target = "_blank";
  link.rel = "noopener";
  link.textContent = say("pdf.open");
  const bar = document.createElement("div");
  bar.className = "bar";
  bar.append(back, on, number, link);
  const picture = document.createElement("img");
  picture.className = "page";
  root.append(bar, picture);

  let page = 0;
  let last = Number.POSITIVE_INFINITY;
  const turn = async (to: number): Promise<void> => {
    back.disabled = on.disabled = true;
    root.setAttribute("aria-busy", "true");
    try {
      picture.src = await shown.make(`png:page=${to},width=${WIDTH}`, signal);
      await picture.decode();
      page = to;
      picture.alt = `${shown.title}, ${say("pdf.page", { n: page })}`;
      number.textContent = say("pdf.page", { n: page });
    } catch (reason) {
      if (signal.aborted) return;
      if (to > 1)
        last = to - 1; // there is no such page
      else {
        picture.hidden = true;
        console.warn("omnic:", reason);
      }
    }
    root.removeAttribute("aria-busy");
    back.disabled = page <= 1;
    on.disabled = page < 1 || page >= last;
  };
  back.addEventListener("click", () => void turn(page - 1));
  on.addEventListener("click", () => void turn(page + 1));
  await turn(1);
  return { destroy: () => root.replaceChildren(), focus: () => link.focus() };
}
