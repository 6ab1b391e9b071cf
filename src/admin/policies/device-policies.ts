/** The policies that are kept for devices: a file for each, found by the ids of the device. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf, flushFolder, makeFolder, readRegularFile, replaceFile } from '../../durable/index.js';
import { PolicyAbsentError, PolicyFileError } from './errors.js';
import { parsePolicy, type PolicyDocument } from './policy-document.js';

/** What a policy knows a device by. */
export interface DeviceIds {
  /** `8086:10d3`. */
  readonly device: string;
  /** Undefined for a function whose header has none. */
  readonly subsystem: string | undefined;
}

/** `8086:10d3, subsystem 1af4:1100`. */
export function deviceIdsText({ device, subsystem }: DeviceIds): string {
  return subsystem === undefined ? device : `${device}, subsystem ${subsystem}`;
}

/** Files `8086-10d3.yaml`, or with the subsystem's ids behind a point. */
export class DevicePolicies {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  pathOf({ device, subsystem }: DeviceIds): string {
    const name = subsystem === undefined ? device : `${device}.${subsystem}`;
    return join(this.#folder, `${name.replaceAll(':', '-')}.yaml`);
  }

  /** @throws {PolicyFileError | PolicyMalformedError} what is kept cannot be used: that is not as if nothing were kept. */
  get(device: DeviceIds): { readonly path: string; readonly policy: PolicyDocument } | undefined {
    const path = this.pathOf(device);
    const text = readText(path);
    return text === undefined ? undefined : { path, policy: parsePolicy(text, path) };
  }

  /** As it was kept; undefined where nothing is. @throws {PolicyFileError} */
  text(device: DeviceIds): string | undefined {
    return readText(this.pathOf(device));
  }

  /** Paths of all that are kept. @throws {PolicyFileError} */
  list(): readonly string[] {
    try {
      return readdirSync(this.#folder)
        .filter((name) => name.endsWith('.yaml'))
        .sort()
        .map((name) => join(this.#folder, name));
    } catch (cause) {
      if (isAbsent(cause)) return [];
      throw new PolicyFileError('read', this.#folder, cause);
    }
  }

  /** Keeps the text as it is, comments and all; durable when it returns, or as before. @throws {PolicyFileError} */
  set(device: DeviceIds, text: string): string {
    const path = this.pathOf(device);
    try {
      makeFolder(this.#folder, 0o700);
      replaceFile(path, text);
    } catch (cause) {
      throw new PolicyFileError('written', path, cause);
    }
    return path;
  }

  /** @throws {PolicyAbsentError | PolicyFileError} */
  remove(device: DeviceIds): string {
    const path = this.pathOf(device);
    try {
      rmSync(path);
      flushFolder(this.#folder);
    } catch (cause) {
      if (isAbsent(cause)) throw new PolicyAbsentError(deviceIdsText(device), path);
      throw new PolicyFileError('removed', path, cause);
    }
    return path;
  }
}

function readText(path: string): string | undefined {
  try {
    return readRegularFile(path, 'utf8');
  } catch (cause) {
    if (isAbsent(cause)) return undefined;
    throw new PolicyFileError('read', path, cause);
  }
}

function isAbsent(cause: unknown): boolean {
  return errnoOf(cause) === 'ENOENT';
}
