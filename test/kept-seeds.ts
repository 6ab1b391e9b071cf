/** Property checks that begin with the seeds that failed before: `kept-seeds.json`, by property name. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';

/** Seeds that once failed, by the name of their property. */
export const keptSeeds = JSON.parse(
  readFileSync(new URL('../../test/kept-seeds.json', import.meta.url), 'utf8'),
) as Readonly<Record<string, readonly number[] | undefined>>;

/**
 * Asserts the property with each kept seed, then with a new one: of the clock, or of OPENSLOT_SEED. A failure names the
 * seed that must be kept.
 */
export async function checkProperty<Values extends unknown[]>(
  name: string,
  property: fc.IRawProperty<Values>,
  parameters: fc.Parameters<Values> = {},
): Promise<void> {
  const fresh = Number(process.env['OPENSLOT_SEED'] ?? Date.now()) % 0x7fff_ffff;
  for (const seed of [...(keptSeeds[name] ?? []), fresh]) {
    const details = await fc.check(property, { ...parameters, seed });
    if (details.failed) {
      // The cause stands first and in the text: not every reporter prints causes, and counterexamples are long.
      const { errorInstance: cause } = details;
      const why = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
      throw new Error(
        `property "${name}" failed; keep its seed ${seed} in test/kept-seeds.json\n${why}\n${fc.defaultReportMessage(details)}`,
        { cause },
      );
    }
  }
}
