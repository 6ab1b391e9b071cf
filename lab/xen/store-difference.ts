/** What a guest left behind in XenStore, from `xenstore-ls -fp` before and after. */

/** Lines are `path = "value"   (permissions)`; the path is what counts. */
function paths(listing: string): Map<string, string> {
  const lines = listing.split('\n').filter((line) => line.startsWith('/'));
  return new Map(lines.map((line) => [line.split(' = ')[0] ?? line, line]));
}

export interface StoreDifference {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
}

export function storeDifference(before: string, after: string): StoreDifference {
  const then = paths(before);
  const now = paths(after);
  const lines = (from: Map<string, string>, keep: (path: string, line: string) => boolean) =>
    [...from].filter(([path, line]) => keep(path, line)).map(([, line]) => line);
  return {
    added: lines(now, (path) => !then.has(path)),
    removed: lines(then, (path) => !now.has(path)),
    changed: lines(now, (path, line) => then.has(path) && then.get(path) !== line),
  };
}

/** Keys that belong to one guest or to what its back ends keep for it; `vm` is the path of its VM node. */
export function keysOfGuest(lines: readonly string[], domid: string, vm: string): string[] {
  const own = new RegExp(
    `^(/local/domain/${domid}|/libxl/${domid}|${vm})(/|$| )|/backend/[^/]+/${domid}(/| )|^/libxl/pci/[^/]+/domid = "${domid}"`,
  );
  return lines.filter((line) => own.test(line));
}
