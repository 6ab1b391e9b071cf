/** A line of QEMU's monitor: greeting, answer or event (QEMU, docs/interop/qmp-spec). */

export type JsonObject = Readonly<Record<string, unknown>>;

export type MonitorMessage =
  | { readonly kind: 'greeting'; readonly version: string }
  | { readonly kind: 'answer'; readonly id: unknown; readonly value: unknown }
  /** `id` is absent where the line itself could not be read. */
  | { readonly kind: 'refusal'; readonly id: unknown; readonly errorClass: string; readonly said: string }
  | { readonly kind: 'event'; readonly name: string; readonly data: JsonObject };

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Undefined for what no monitor says. Never throws. */
export function parseMessage(line: string): MonitorMessage | undefined {
  let message: unknown;
  try {
    message = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (!isObject(message)) return undefined;
  const { QMP: greeting, error, event, data, id } = message;
  if (isObject(greeting)) return { kind: 'greeting', version: versionOf(greeting) };
  if (typeof event === 'string') return { kind: 'event', name: event, data: isObject(data) ? data : {} };
  if (isObject(error)) {
    const { class: errorClass, desc } = error;
    return {
      kind: 'refusal',
      id,
      errorClass: typeof errorClass === 'string' ? errorClass : 'GenericError',
      said: typeof desc === 'string' ? desc : 'without a word',
    };
  }
  return 'return' in message ? { kind: 'answer', id, value: message['return'] } : undefined;
}

/** `7.2.22`, or empty where the greeting does not say it. */
function versionOf({ version }: JsonObject): string {
  const qemu = isObject(version) ? version['qemu'] : undefined;
  if (!isObject(qemu)) return '';
  return [qemu['major'], qemu['minor'], qemu['micro']].filter((part) => typeof part === 'number').join('.');
}
