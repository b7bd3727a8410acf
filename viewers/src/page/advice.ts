/** What went wrong, for a person, and what to do about it. The service's own message stands between the two. */

const WORDS: Readonly<Record<string, readonly [title: string, advice: string]>> = {
  bad_address: [
    "This address cannot be read",
    "Check it for typing errors. It starts with https:// or another scheme that the service knows.",
  ],
  bad_target: ["This type cannot be read", "Pick one from the list, and keep width and height between 1 and 8192."],
  refused: [
    "The service may not open this",
    "Addresses in private networks are closed unless the operator opens them. Use a public address or a sample.",
  ],
  not_found: ["There is no file at this address", "Open the address in a browser tab to see whether it moved."],
  too_large: ["The file is too large", "The operator sets the limit. Try a smaller file."],
  no_road: ["No installed converter leads there", "Pick one of the types that it can become."],
  corrupt: ["The file is broken", "Open it in the program that made it, save it again, and retry."],
  too_expensive: ["The work hit a limit", "Ask for a smaller size, one page, or a simpler type."],
  converter_failed: ["The converter gave up", "Try again, or pick another type."],
  busy: ["The service has too much to do", "Wait a moment, then try again."],
  origin_failed: ["The file's own server failed", "Nothing can be done here but to try again later."],
  origin_timeout: ["The file's own server is too slow", "Try again, or put the file on a faster server."],
  sandbox_unavailable: [
    "This converter needs a sandbox",
    "The operator can install bubblewrap. Other types may work meanwhile.",
  ],
  disk_full: ["The service has no room left", "The operator has to make room. Finished results still open."],
};

export const advise = (code: string | undefined): readonly [title: string, advice: string] =>
  WORDS[code ?? ""] ?? ["That did not work", "Try again, or pick another type."];
