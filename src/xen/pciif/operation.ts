/** Operations of the protocol: commands, error numbers and limits (xen/include/public/io/pciif.h, magic "7"). */

export const PCIIF_MAGIC = '7';

/** XEN_PCI_OP_… of the header. */
export const Command = {
  configRead: 0,
  configWrite: 1,
  enableMsi: 2,
  disableMsi: 3,
  enableMsix: 4,
  disableMsix: 5,
  aerDetected: 6,
  aerResume: 7,
  aerMmio: 8,
  aerSlotReset: 9,
  enableMultiMsi: 10,
} as const;

/** Names of the commands for records and errors. */
export const COMMAND_NAMES: readonly string[] = [
  'conf_read',
  'conf_write',
  'enable_msi',
  'disable_msi',
  'enable_msix',
  'disable_msix',
  'aer_detected',
  'aer_resume',
  'aer_mmio',
  'aer_slotreset',
  'enable_multi_msi',
];

/** Answers in the operation's `err`, 32 bits signed. */
export const OperationError = {
  success: 0,
  deviceNotFound: -1,
  invalidOffset: -2,
  accessDenied: -3,
  notImplemented: -4,
  operationFailed: -5,
} as const;
export type OperationError = (typeof OperationError)[keyof typeof OperationError];

/** What the numbers say, for errors. The other end may send any number. */
export const OPERATION_ERROR_NAMES: Readonly<Record<number, string>> = {
  [OperationError.success]: 'success',
  [OperationError.deviceNotFound]: 'device not found',
  [OperationError.invalidOffset]: 'invalid offset',
  [OperationError.accessDenied]: 'access denied',
  [OperationError.notImplemented]: 'not implemented',
  [OperationError.operationFailed]: 'operation failed',
};

/** Most vectors that one enable_msix can carry (SH_INFO_MAX_VEC). */
export const MAX_MSIX_VECTORS = 128;

/** The private copy of an operation's fixed part: what the front end asked and what it will be answered. */
export interface Operation {
  command: number;
  error: OperationError;
  domain: number;
  bus: number;
  devfn: number;
  offset: number;
  size: number;
  /** 32 bits, unsigned. */
  value: number;
  /** Vectors of enable_msix: entry numbers asked, then pirqs answered. Only `vectorCount` are meaningful. */
  readonly entries: Uint16Array;
  readonly pirqs: Uint16Array;
  vectorCount: number;
}

/** To be filled by each request in turn: nothing is allocated for one. */
export function emptyOperation(): Operation {
  return {
    command: 0,
    error: OperationError.success,
    domain: 0,
    bus: 0,
    devfn: 0,
    offset: 0,
    size: 0,
    value: 0,
    entries: new Uint16Array(MAX_MSIX_VECTORS),
    pirqs: new Uint16Array(MAX_MSIX_VECTORS),
    vectorCount: 0,
  };
}
