/** The page's own handler, kept from before 3Dmol is loaded. */
export const before = document.onreadystatechange;
