/** Registers of a PCnet controller: the ports of its window, and what stands behind them. */

/** Offsets in the window after it was switched to 32 bits; before, the ports stand two bytes apart from {@link Port.rdp} on. */
export const Port = { aprom: 0x00, rdp: 0x10, rap: 0x14, reset: 0x18, bdp: 0x1c } as const;

export const WINDOW_BYTES = 0x20;

/** Control and status registers by their number (data sheet, "User accessible registers"). */
export const Csr = {
  status: 0,
  initLow: 1,
  initHigh: 2,
  masks: 3,
  features: 4,
  extended: 5,
  /** Four registers: hash filter for multicast addresses. */
  logicalAddress: 8,
  /** Three registers: the controller's own address. */
  physicalAddress: 12,
  mode: 15,
  receiveBase: 24,
  transmitBase: 30,
  softwareStyle: 58,
  receiveLength: 76,
  transmitLength: 78,
  fifoThresholds: 80,
  chipLow: 88,
  chipHigh: 89,
  timeOut: 100,
} as const;

/** Bits of {@link Csr.status}. */
export const Status = {
  init: 0x0001,
  start: 0x0002,
  stop: 0x0004,
  transmitDemand: 0x0008,
  transmitterOn: 0x0010,
  receiverOn: 0x0020,
  interruptEnable: 0x0040,
  interrupt: 0x0080,
  initDone: 0x0100,
  transmitted: 0x0200,
  received: 0x0400,
  memoryError: 0x0800,
  missed: 0x1000,
  collision: 0x2000,
  babble: 0x4000,
  error: 0x8000,
} as const;

/** Bits of {@link Csr.features}. */
export const Feature = {
  /** Status bits with the mask of each one place below it. */
  events: 0x022a,
  noPolling: 0x1000,
  padTransmit: 0x0800,
  userInterruptCommand: 0x0080,
  userInterrupt: 0x0040,
} as const;

/** Bits of {@link Csr.mode}. */
export const Mode = {
  noReceiver: 0x0001,
  noTransmitter: 0x0002,
  loop: 0x0004,
  noBroadcast: 0x4000,
  promiscuous: 0x8000,
} as const;

/** Bus configuration registers by their number. */
export const Bcr = {
  masterReadActive: 0,
  misc: 2,
  firstLed: 4,
  lastLed: 7,
  busControl: 18,
  softwareStyle: 20,
} as const;

/** {@link Bcr.busControl}: the window is one of 32 bits. */
export const DOUBLE_WORD_IO = 0x0080;
