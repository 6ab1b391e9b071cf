/** Refusals of register access by name: what a register cannot do, and names that nothing has. */
import { didYouMean, OpenslotError } from '../../pci/index.js';

const NEXT = {
  REGISTER_READ_ONLY: '',
  REGISTER_WRITE_ONLY: '',
  REGISTER_READ_CLEARS: 'write the whole register at once, with every field named',
  REGISTER_VALUE: '',
  REGISTER_INDEX: '',
  REGISTER_ABSENT: '',
} as const;

/** A register or field cannot be accessed so. Nothing was accessed. */
export class RegisterError extends OpenslotError {
  readonly code: keyof typeof NEXT;
  constructor(code: RegisterError['code'], register: string, why: string, next: string = NEXT[code]) {
    super(`${register}: ${why}`, { register, why }, next);
    this.code = code;
  }
}

/** As many names as a line can tell. */
const MOST_TOLD = 24;

/** No register or field has this name. */
export class RegisterUnknownError extends OpenslotError {
  readonly code = 'REGISTER_UNKNOWN';
  constructor(name: string, known: readonly string[], what = 'register', next = '') {
    // Registers are told without their fields.
    const whole = known.filter((each) => each !== '' && !each.includes('.'));
    const told =
      whole.length === 0
        ? ''
        : whole.length > MOST_TOLD
          ? `there are ${whole.length}`
          : `there are ${whole.join(', ')}`;
    super(
      `there is no ${what} "${name}"${told === '' ? '' : `; ${told}`}`,
      { name, known: known.slice(0, 100) },
      didYouMean(name, known) || next,
    );
  }
}

/** A text is no register map. */
export class MapFormError extends OpenslotError {
  readonly code = 'REGISTER_MAP_MALFORMED';
  /** `line` counts from 1. */
  constructor(file: string, line: number | undefined, where: string, why: string, next = '') {
    const at = line === undefined ? file : `${file}:${line}`;
    super(
      `${at}: ${where === '' ? '' : `${where}: `}${why}`,
      { file, where, why, ...(line === undefined ? {} : { line }) },
      next === '' ? 'docs/registers.md tells what a map may say' : next,
    );
  }
}
