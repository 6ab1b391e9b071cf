/** Refusals of recordings: files that are none, and programs that do not do what was recorded. */
import { OpenslotError, type ErrorData } from '../../pci/index.js';

/** The file of a recording cannot be made or read. */
export class RecordingFileError extends OpenslotError {
  readonly code = 'RECORDING_FILE';
  constructor(file: string, errno: string, options?: ErrorOptions) {
    super(`the recording ${file} cannot be used: ${errno}`, { file, errno }, '', options);
  }
}

/** A line of the file is no entry, or stands where it cannot. */
export class RecordingMalformedError extends OpenslotError {
  readonly code = 'RECORDING_MALFORMED';
  constructor(file: string, line: number, why: string, options?: ErrorOptions) {
    super(`${file}, line ${line}: ${why}`, { file, line, why }, 'docs/record.md has the format', options);
  }
}

/** The file ends before the recording does: its program was killed, or a copy was cut off. */
export class RecordingTruncatedError extends OpenslotError {
  readonly code = 'RECORDING_TRUNCATED';
  /** `byte`: up to which the file is whole; `got`: what the program wanted next. */
  constructor(file: string, line: number, byte: number, got: string) {
    super(
      `${file} was cut off: it is whole up to line ${line} (byte ${byte}), and the program goes on with: ${got}`,
      { file, line, byte, got },
      'record it again',
    );
  }
}

/** The program does something else than what was recorded; from there on nothing is answered. */
export class ReplayDiffersError extends OpenslotError {
  readonly code = 'REPLAY_DIFFERS';
  /** The recording's line, which is also the number of the entry. */
  readonly line: number;
  /** What was recorded. */
  readonly wanted: string;
  /** What the program did instead. */
  readonly got: string;
  constructor(file: string, line: number, wanted: string, got: string) {
    super(
      `${file}, line ${line}: recorded was "${wanted}", the program's next is "${got}"`,
      { file, line, wanted, got },
      'if the new way is right, record it again',
    );
    this.line = line;
    this.wanted = wanted;
    this.got = got;
  }
}

/** What the recorded machine refused, said again. */
export class RecordedRefusal extends OpenslotError {
  readonly code: string;
  constructor({ code, message, evidence, next }: ErrorData) {
    super(message, evidence, next);
    this.code = code;
  }
}
