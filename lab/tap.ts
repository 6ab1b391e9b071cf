/** What Node's test runner reported from inside a machine, as checks: its counts, what the tests said, and the failures. */
import type { Checks } from './checks.js';

/** @param code the runner's exit code as the machine's script noted it. */
export function judgeTap(what: string, tap: string, code: string | undefined, checks: Checks): void {
  const count = (kind: string) => tap.match(new RegExp(`^# ${kind} (\\d+)$`, 'm'))?.[1];
  checks.matches(`${what} ran`, count('pass'), /^[1-9]\d*$/);
  checks.equal(`${what} without a failure`, count('fail'), '0', `${count('pass') ?? ''} passed`);
  checks.equal(`${what} end well`, code, '0', 'exit code 0');
  for (const line of diagnostics(tap)) console.log(`  ${line}`);
  for (const failure of failures(tap)) console.log(failure);
}

/** What the tests said of themselves: counts that a reader wants to see. Lines at the margin are the runner's. */
function diagnostics(tap: string): string[] {
  return [...tap.matchAll(/^ +# (?!Subtest: )(.*)$/gm)].map(([, text = '']) => text);
}

/** Each `not ok` with the block of evidence that follows it. */
function failures(tap: string): string[] {
  const found: string[] = [];
  let open: string[] | undefined;
  for (const line of tap.split('\n')) {
    if (/^ *not ok /.test(line)) open = [line];
    else open?.push(line);
    if (open !== undefined && /^ *\.\.\.$/.test(line)) {
      found.push(open.join('\n'));
      open = undefined;
    }
  }
  return found;
}
