declare module "*.css?inline" {
  const text: string;
  export default text;
}
declare module "*?url" {
  /** Relative to the module that says it. */
  const address: string;
  export default address;
}
declare module "words:languages" {
  const languages: Readonly<Record<string, () => Promise<{ default: Readonly<Record<string, string>> }>>>;
  export default languages;
}
declare module "words:*" {
  const words: Readonly<Record<string, string>>;
  export default words;
}
declare module "3dmol/build/3Dmol.es6-min.js" {
  export * from "3dmol";
}
