/** The core by its names: one omnic.js for the page and for whoever embeds us, hence one socket. */

import { core } from "../core/index.ts";

export const { advance, announce, IDLE, say, sentence, settled, size } = core;
export {
  type Connection,
  lineTo,
  mediaUrl,
  OmnicView,
  parseMediaUrl,
  percent,
  type State,
  type Told,
  type Wanted,
  type Watch,
  WireError,
} from "../core/index.ts";
