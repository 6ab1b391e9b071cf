/** The option `--dry-run`, and what it prints: the plan of a change that is not made. */
import { Option } from 'commander';
import type { PrintedPlan } from '../admin/plan/plan-text.js';
import { withNextHere } from './next-command.js';

export interface DryRunChoice {
  readonly dryRun?: boolean;
}

export function dryRunOption(): Option {
  return new Option('--dry-run', 'print what was found, each step and how it is undone, and change nothing');
}

export async function printPlan(planned: PrintedPlan, { json = false }: { json?: boolean }): Promise<void> {
  const plan = { ...planned, findings: withNextHere(planned.findings) };
  if (json) {
    process.stdout.write(`${JSON.stringify(plan, undefined, 2)}\n`);
    return;
  }
  const { planLines } = await import('../admin/plan/plan-text.js');
  process.stdout.write([...planLines(plan), 'nothing was changed', ''].join('\n'));
}
