declare module "*.css?inline" {
  const text: string;
  export default text;
}
declare module "words:languages" {
  const languages: Readonly<Record<string, () => Promise<{ default: Readonly<Record<string, string>> }>>>;
  export default languages;
}
declare module "words:*" {
  const words: Readonly<Record<string, string>>;
  export default words;
}
