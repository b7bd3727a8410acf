/** One question to the service: its JSON, or an Error with the sentence of its problem document. */

export async function ask<T>(path: string): Promise<T> {
  const answer = await fetch(new URL(path, document.baseURI), { headers: { Accept: "application/json" } });
  const told = (await answer.json().catch(() => null)) as (T & { detail?: string }) | null;
  if (!answer.ok || told === null) throw new Error(told?.detail ?? "The service did not answer.");
  return told;
}
