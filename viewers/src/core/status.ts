import type { Subscription } from "./line.ts";
import { isEventName, type Told } from "./wire.ts";
import type { World } from "./world.ts";

/** `absent`: nobody has asked for it yet. */
export type Standing = Told & { absent: boolean };

/** How all of these stand, in the order asked; starts nothing, renews leases. */
export async function standing(base: URL, world: World, subscriptions: readonly Subscription[]): Promise<Standing[]> {
  const response = await world.fetch(new URL("media/status", base).href, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(subscriptions.map(({ wanted }) => wanted)),
  });
  // What is no list (a problem) has no map, which is as good as any error here.
  const states = (await response.json()) as { state: string; href?: string; code?: string }[];
  return states.map(({ state, href, code }) => ({
    name: isEventName(state) ? state : "queued",
    ...(href ? { href } : {}),
    ...(code ? { code } : {}),
    absent: state === "absent",
  }));
}
