/** What the kernel says of a refused call, in one word. */

/** `ENOENT`; the error's own words where it is none of a system call. */
export function errnoOf(cause: unknown): string {
  return (cause as NodeJS.ErrnoException).code ?? (cause instanceof Error ? cause.message : String(cause));
}
