/** The ends of a process: what a program holds open is released at each of them, as far as a process can still act. */

/** What is released at the end of the process, if not before. */
export interface Held {
  /** Synchronous, and never throws: nothing else runs any more. */
  releaseNow(): void;
}

/** Signals whose default is the end of the process. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const held = new Set<Held>();

/** From now on the process does not end without its release. Nothing is left installed when nothing is held. */
export function holdUntilEnd(what: Held): void {
  if (held.size === 0) {
    // An uncaught error and a rejection that nobody handles end here too.
    process.on('exit', releaseAll);
    for (const signal of SIGNALS) process.on(signal, onSignal);
  }
  held.add(what);
}

export function letGo(what: Held): void {
  if (!held.delete(what) || held.size > 0) return;
  process.off('exit', releaseAll);
  for (const signal of SIGNALS) process.off(signal, onSignal);
}

/** The latest first: what was opened later may rest on what was there before. */
function releaseAll(): void {
  for (const what of [...held].reverse()) what.releaseNow();
}

/** A program that handles the signal itself decides when it ends; else this is its end. */
function onSignal(signal: NodeJS.Signals): void {
  if (process.listenerCount(signal) > 1) return;
  releaseAll();
  // As if nobody had listened: the parent sees the signal.
  process.off(signal, onSignal);
  process.kill(process.pid, signal);
}
