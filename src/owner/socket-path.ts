/** Which paths a UNIX socket can have: libuv cuts a longer one off, and would bind or reach another one. */

/** Bytes: sun_path without its end, unix(7). */
export const LONGEST_SOCKET_PATH = 107;

export function fitsSocket(path: string): boolean {
  return Buffer.byteLength(path) <= LONGEST_SOCKET_PATH;
}
