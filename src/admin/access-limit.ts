/** How many register accesses are made together; alone, so that a client of an owner loads nothing else for it. */

/** Register accesses of one request: whoever wants more asks again. */
export const MOST_ACCESSES = 256;
