/** The operator's page: try a conversion and read its log, ask for roads, see what becomes of every format. */

import type { FormatFacts } from "../page/catalogue.ts";
import { h } from "../page/dom.ts";
import { matrixSection } from "./matrix.ts";
import { roadsSection } from "./roads.ts";
import { trialSection } from "./trial.ts";

export interface AdminFacts {
  formats: FormatFacts[];
  samples: string[];
  version: string;
  admin: { profiles: string[]; zoo: boolean };
}

const site = JSON.parse(document.getElementById("omnic-site")?.textContent || "{}") as AdminFacts;

const lists = [
  h("datalist", { id: "formats" }, ...site.formats.map((one) => h("option", { value: one.name }, one.title))),
  h("datalist", { id: "samples" }, ...site.samples.map((address) => h("option", { value: address }))),
];

document
  .getElementById("omnic")
  ?.replaceChildren(
    h(
      "header",
      { className: "masthead" },
      h("h1", {}, "omnic-stream admin"),
      h("p", {}, `version ${site.version}`),
      h("a", { href: "../", className: "home" }, "To the page"),
    ),
    ...lists,
    trialSection(),
    roadsSection(site.admin.profiles),
    matrixSection(),
  );
