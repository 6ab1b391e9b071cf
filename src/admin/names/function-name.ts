/** What a name of a function may be: never what reads as an address, an option, or a part of xl's specification. */

/** As many as libxl takes, less its end. */
export const LONGEST_FUNCTION_NAME = 63;

const FORM = /^[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*$/;
/** How libxl writes an address in the store's paths: the one notation whose letters are a name's. */
const LIBXL_ADDRESS = /^[0-9a-f]{4}-[0-9a-f]{2}-[0-9a-f]{2}-[0-7]$/;

/**
 * Lower case, so that no two names differ in what a person does not see: a letter, then letters and digits, with single
 * `-` or `_` between them. No colon, point, `@`, `,`, `=` or `*`: those belong to addresses and to specifications.
 */
export function isFunctionName(text: string): boolean {
  return text.length <= LONGEST_FUNCTION_NAME && FORM.test(text) && !LIBXL_ADDRESS.test(text);
}
