/** The lines of a file of modprobe.d as kmod joins them at backslashes, each with the places of its characters. */
import type { ByteText, TextEdit } from '../boot-file.js';

/** Bytes of a file. */
export type TextSpan = Pick<TextEdit, 'offset' | 'length'>;

export class LogicalLine {
  /** Of its first byte in the file. */
  readonly offset: number;
  /** As it stands in the file, with its line ends. */
  readonly text: ByteText;
  /** What kmod reads: a backslash before a line end goes with it, any other is lost alone. */
  readonly logical: string;
  /** Whether a line end closes it: the last line of a file may have none. */
  readonly closed: boolean;
  /** Behind which backslashes lines go on, offsets in the file. */
  readonly joints: readonly number[];
  /** Backslashes that are lost, offsets in the file. */
  readonly lost: readonly number[];
  /** Offsets in the file of each character of `logical`. */
  readonly #starts: readonly number[];
  readonly #ends: readonly number[];

  private constructor(file: ByteText, offset: number) {
    const joints: number[] = [];
    const lost: number[] = [];
    const starts: number[] = [];
    const ends: number[] = [];
    let logical = '';
    let at = offset;
    while (at < file.length && file.charAt(at) !== '\n') {
      const start = at;
      if (file.charAt(at) === '\\') {
        at++;
        if (file.charAt(at) === '\n') {
          joints.push(start);
          at++;
          continue;
        }
        lost.push(start);
        // At the end of the file kmod reads the end itself as a character, of the byte ff.
        if (at === file.length) {
          logical += '\xff';
          starts.push(start);
          ends.push(at);
          break;
        }
      }
      logical += file.charAt(at);
      at++;
      starts.push(start);
      ends.push(at);
    }
    this.closed = at < file.length;
    this.offset = offset;
    this.text = file.slice(offset, this.closed ? at + 1 : at);
    this.joints = joints;
    this.lost = lost;
    this.#starts = starts;
    this.#ends = ends;
    // To kmod a NUL is the end of the line.
    this.logical = logical.replace(/\0[^]*$/, '');
  }

  static all(file: ByteText): readonly LogicalLine[] {
    const lines: LogicalLine[] = [];
    for (let offset = 0; offset < file.length;) {
      const line = new LogicalLine(file, offset);
      lines.push(line);
      offset += line.text.length;
    }
    return lines;
  }

  /** Behind it in the file. */
  get end(): number {
    return this.offset + this.text.length;
  }

  /** Where characters of `logical` from `start` to `end` stand in the file; where none, the place between. */
  span(start: number, end: number): TextSpan {
    const last = this.closed ? this.end - 1 : this.end;
    const from = this.#starts[start] ?? last;
    const to = end > start ? (this.#ends[end - 1] ?? last) : from;
    return { offset: from, length: to - from };
  }

  /** Behind the last of the first `count` characters of `logical`, in the file. */
  behind(count: number): number {
    return this.#ends[count - 1] ?? this.offset;
  }
}
