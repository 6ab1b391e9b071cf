/** A diagnosis in words: layer by layer what is fine, and each cause with its reason and what to do. */
import { LAYERS, type Cause, type CheckResult, type Diagnosis } from '../admin/doctor/index.js';

export interface Emphasis {
  head(text: string): string;
  fine(text: string): string;
  note(text: string): string;
  stop(text: string): string;
}

export const PLAIN: Emphasis = { head: same, fine: same, note: same, stop: same };

function same(text: string): string {
  return text;
}

/** `stop` as long as something is in the way of a purpose. */
const WORD_COLUMNS = 6;
const INDENT = ' '.repeat(2 + WORD_COLUMNS);

export function diagnosisLines(diagnosis: Diagnosis, emphasis: Emphasis = PLAIN): string[] {
  const lines: string[] = [];
  for (const layer of LAYERS) {
    const results = diagnosis.checks.filter((result) => result.layer === layer);
    if (results.length === 0) continue;
    if (lines.length > 0) lines.push('');
    lines.push(emphasis.head(layer), ...results.flatMap((result) => resultLines(result, emphasis)));
  }
  return [...lines, '', ...summaryLines(diagnosis, emphasis)];
}

function resultLines({ check, fine, causes }: CheckResult, emphasis: Emphasis): string[] {
  if (fine !== undefined) return [`  ${emphasis.fine('fine'.padEnd(WORD_COLUMNS))}${check}: ${fine}`];
  return causes.flatMap((cause) => causeLines(cause, emphasis));
}

function causeLines({ code, blocks, what, details, why, next }: Cause, emphasis: Emphasis): string[] {
  const stops = blocks.length > 0;
  const word = (stops ? 'stop' : 'note').padEnd(WORD_COLUMNS);
  const below = [...details.map((detail) => `- ${detail}`), why].map((line) => `${INDENT}${line}`);
  return [
    `  ${stops ? emphasis.stop(word) : emphasis.note(word)}${emphasis.head(code)}: ${what}`,
    ...below,
    ...(next === '' ? [] : [`${INDENT}next: ${next}`]),
  ];
}

function summaryLines({ purposes }: Diagnosis, emphasis: Emphasis): string[] {
  return purposes.map(({ purpose, ready, blockedBy }) =>
    ready
      ? `${emphasis.head(purpose)}: ${emphasis.fine('nothing stands in the way')}`
      : `${emphasis.head(purpose)}: ${emphasis.stop('in the way')}: ${blockedBy.join(', ')}`,
  );
}
