/** A reporter of Node's test runner that tells only what failed, each with its error, for the end of a long output. */
import type { TestEvent } from 'node:test/reporters';

/** Lines of an error that are told: the first say what, those behind them are its way. */
const MOST_LINES = 30;

export default async function* failures(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const event of source) {
    if (event.type !== 'test:fail') continue;
    const { name, file, line, details } = event.data;
    const { error } = details;
    // A suite fails by the tests in it, which are told.
    if ('failureType' in error && error.failureType === 'subtestsFailed') continue;
    const cause = error.cause ?? error;
    const text = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
    const told = text
      .split('\n')
      .slice(0, MOST_LINES)
      .map((each) => `    ${each}\n`);
    yield `failed: ${name}\n    ${file ?? ''}:${line ?? ''}\n${told.join('')}`;
  }
}
