/** Errors that functions report, as they are told: the first of a kind at once, those that follow by their number. */
import type { ErrorReport, ErrorReports } from '../function/index.js';
import { Bursts, type TellBurst } from './bursts.js';

/** A link that goes bad reports correctable errors by the thousand; those of one function and severity are alike. */
export class ReportedErrors implements Disposable {
  readonly #listening: Disposable;
  readonly #bursts: Bursts<ErrorReport>;

  /** Begins to listen, until disposed of. */
  constructor(errors: ErrorReports, tell: TellBurst<ErrorReport>) {
    this.#bursts = new Bursts(({ address, severity }) => `${address.sbdf} ${severity}`, tell);
    this.#listening = errors.onError((report) => {
      this.#bursts.add(report);
    });
  }

  /** What was counted is told. */
  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]();
    this.#bursts[Symbol.dispose]();
  }
}
