/** The phase `suites`: what ran inside dom0; its counts become checks, what it says of itself and its failures are shown. */
import type { Phase, PhaseRun } from './phase.js';

export const suites: Phase = { name: 'suites', machine: 'second', backEnds: ['openslot', 'kernel'], judge };

function judge({ facts, checks }: PhaseRun): void {
  const tap = facts.file('suites.tap');
  const count = (what: string) => tap.match(new RegExp(`^# ${what} (\\d+)$`, 'm'))?.[1];
  checks.matches('suites in dom0 ran', count('pass'), /^[1-9]\d*$/);
  checks.equal('suites in dom0 without a failure', count('fail'), '0', `${count('pass') ?? ''} passed`);
  checks.equal('suites in dom0 end well', facts.get('code'), '0', 'exit code 0');
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
