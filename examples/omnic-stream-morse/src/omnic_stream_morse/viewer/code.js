// International Morse code, ITU-R M.1677-1.
const SIGNS =
  "a.- b-... c-.-. d-.. e. f..-. g--. h.... i.. j.--- k-.- l.-.. m-- n-. o--- p.--. q--.- r.-. s... t- u..- v...- w.-- x-..- y-.-- z--..";
const CODE = new Map(SIGNS.split(" ").map((sign) => [sign[0], sign.slice(1)]));

export const dotsAndDashes = (text) =>
  text
    .slice(0, 2000)
    .toLowerCase()
    .split(/\s+/)
    .map((word) => [...word].flatMap((letter) => CODE.get(letter) ?? []).join(" "))
    .filter(Boolean)
    .join(" / ");
