/** What is different between two captures: as data, and in words. */
export { differencesBetween, type Difference } from './difference.js';
export { differenceLines } from './difference-text.js';
