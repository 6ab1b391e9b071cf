/** Colours of what is printed: for a terminal that shows them, unless NO_COLOR is set (no-color.org). */
import pc from 'picocolors';

/** A stream of this process, as far as it matters here: `isTTY` is absent of a pipe and of a file. */
type Output = Pick<NodeJS.WriteStream, 'isTTY'>;

export function showsColors(output: Output): boolean {
  const { NO_COLOR = '', TERM } = process.env;
  return Boolean(output.isTTY) && NO_COLOR === '' && TERM !== 'dumb';
}

/** Each text as it is where the stream shows no colours. */
export function colorsOf(output: Output): ReturnType<typeof pc.createColors> {
  return pc.createColors(showsColors(output));
}
