/** A guest that does nothing, with a front end that takes and gives what its tool stack says. */
export default function nothing(): Promise<never> {
  return new Promise(() => setInterval(() => undefined, 1_000_000));
}
