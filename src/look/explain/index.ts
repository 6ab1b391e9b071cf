/** Why something is as it is: rules over a capture, and what they find. */
export { explain, RULES } from './explain.js';
export type { Explanation, Rule, Weight } from './rule.js';
