/** The way of a file through its steps, as rows to show. Pure: rows and a notification in, rows out. */

import { percent, size, type Told } from "./core.ts";

export interface Row {
  readonly id: string;
  readonly title: string;
  readonly state: "coming" | "now" | "done" | "failed";
  /** Of this row alone; null while it tells nothing. */
  readonly fraction: number | null;
  readonly estimated: boolean;
  readonly detail: string;
  readonly since: number | null;
}

const row = (id: string, title: string): Row => ({
  id,
  title,
  state: "coming",
  fraction: null,
  estimated: false,
  detail: "",
  since: null,
});

const took = (since: number | null, at: number | undefined): string => {
  if (since === null || at === undefined || at < since) return "";
  const seconds = at - since;
  return seconds < 0.05 ? "" : `${seconds.toFixed(seconds < 9.95 ? 1 : 0)} s`;
};

const finish = (one: Row, at: number | undefined): Row =>
  one.state === "done"
    ? one
    : { ...one, state: "done", fraction: 1, estimated: false, detail: one.state === "now" ? took(one.since, at) : "" };

/** A step that was never seen at work, because its result was kept or it was over before anybody looked, says so. */
const passed = (one: Row, at: number | undefined): Row =>
  one.state === "coming" ? { ...finish(one, at), detail: "already done" } : finish(one, at);

const stepTitle = (told: Told, known: string | undefined): string =>
  told.from && told.to
    ? told.from === told.to
      ? `${told.to}, adjusted`
      : `${told.from} → ${told.to}`
    : (known ?? `Step ${told.step ?? 1}`);

/** Places in the line count from 0, the next one. */
const place = (n: number): string => (n > 0 ? `${n} before this` : "next in line");

export function walk(rows: readonly Row[], told: Told): Row[] {
  const { at } = told;
  const done = rows.map((one) => finish(one, at));
  switch (told.name) {
    case "queued": {
      const detail = typeof told.position === "number" ? place(told.position) : "";
      return [{ ...row("queue", "Waiting to start"), state: "now", detail, since: rows[0]?.since ?? at ?? null }];
    }
    case "downloading": {
      const before = rows.find((one) => one.id === "fetch");
      const fraction = told.total ? Math.min((told.bytes ?? 0) / told.total, 1) : null;
      const detail = told.total
        ? `${size(told.bytes ?? 0)} of ${size(told.total)}`
        : told.bytes
          ? `${size(told.bytes)} so far`
          : "";
      const fetch: Row = {
        ...row("fetch", "Fetch"),
        state: "now",
        fraction,
        detail,
        since: before?.since ?? at ?? null,
      };
      return [fetch];
    }
    case "downloaded": {
      const known = told.bytes === undefined ? "" : size(told.bytes);
      const detail = [told.format, known].filter(Boolean).join(", ");
      return [{ ...row("fetch", "Fetch"), state: "done", fraction: 1, detail }];
    }
    case "converting": {
      const step = told.step ?? 1;
      const result: Row[] = rows
        .filter((one) => one.id === "fetch")
        .map((one) => (one.detail ? { ...one, state: "done", fraction: 1 } : finish(one, at)));
      for (let number = 1; number <= Math.max(told.steps ?? step, step); number++) {
        const id = `step-${number}`;
        const before = rows.find((one) => one.id === id);
        if (number < step) result.push(passed(before ?? row(id, `Step ${number}`), at));
        else if (number > step) result.push(before ?? row(id, `Step ${number}`));
        else {
          const waits = typeof told.waiting === "number";
          const said = typeof told.fraction === "number" ? Math.min(Math.max(told.fraction, 0), 1) : null;
          // A step's own bar does not go back either, unless it is another step (a second road was taken).
          const title = stepTitle(told, before?.title);
          const same = before?.title === title;
          const fraction = waits
            ? null
            : said === null
              ? same
                ? (before?.fraction ?? null)
                : null
              : Math.max(said, same ? (before?.fraction ?? 0) : 0);
          const estimated = told.estimated === true;
          const detail = waits
            ? `waiting for a free slot, ${place(told.waiting as number)}`
            : fraction === null
              ? "working"
              : `${percent(Math.min(fraction, 0.99), estimated)}${estimated ? " estimated" : " measured"}`;
          result.push({
            id,
            title,
            state: "now",
            fraction,
            estimated,
            detail,
            since: waits ? null : ((same ? before?.since : null) ?? at ?? null),
          });
        }
      }
      return result;
    }
    case "ready": {
      const detail = told.bytes === undefined ? "" : size(told.bytes);
      const kept: Row = {
        ...row("ready", rows.length ? "Ready" : "Ready, made before"),
        state: "done",
        fraction: 1,
        detail,
      };
      return [...done.filter((one) => one.id !== "queue"), kept];
    }
    case "failed":
      if (!rows.length) return [{ ...row("failed", "Not started"), state: "failed" }];
      return rows.map((one) =>
        one.state === "now" ? { ...one, state: "failed", fraction: null, detail: "failed here" } : one,
      );
  }
}
