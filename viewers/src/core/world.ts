/** What the line needs of the world. */
export interface World {
  socket(url: string): WebSocket;
  events(url: string): EventSource;
  fetch(url: string, init?: RequestInit): Promise<Response>;
  random(): number;
}

export const WORLD: World = {
  socket: (url) => new WebSocket(url),
  events: (url) => new EventSource(url),
  fetch: (url, init) => fetch(url, init),
  random: Math.random,
};
