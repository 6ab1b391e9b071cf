/** The log of an owner: one line an event, as text or as JSON. */

/** Bytes that wait for a slow reader; what comes beyond is dropped. */
const MOST_UNREAD_BYTES = 1024 * 1024;

export type ServeLog = (text: string, data: object) => void;

/** On standard output. A reader that does not keep up must not make the log fill the memory. */
export function serveLog(json: boolean): ServeLog {
  return (text, data) => {
    if (process.stdout.writableLength > MOST_UNREAD_BYTES) return;
    const line = json ? JSON.stringify({ at: new Date().toISOString(), ...data }) : text;
    process.stdout.write(`${line}\n`);
  };
}
