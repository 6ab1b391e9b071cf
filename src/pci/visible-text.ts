/** Text of somebody else in a line of ours. */
import { hexDigits } from './hex-digits.js';

/** With control characters written out, so that nothing in it can command a terminal or begin another line. */
export function visibleText(text: string): string {
  return text.replace(/\p{Cc}/gu, (control) => `\\x${hexDigits(control.charCodeAt(0), 2)}`);
}
