/** Where the registers of NVMe stand in BAR 0. */

/** Offsets of the registers that software writes or polls. */
export const CAP = 0x00;
export const CAP_HIGH = 0x04;
export const VS = 0x08;
export const INTMS = 0x0c;
export const INTMC = 0x10;
export const CC = 0x14;
export const CSTS = 0x1c;
export const AQA = 0x24;
export const ASQ = 0x28;
export const ASQ_HIGH = 0x2c;
export const ACQ = 0x30;
export const ACQ_HIGH = 0x34;
/** Tail of submission queue n at 8n, head of completion queue n at 8n + 4. */
export const DOORBELLS = 0x1000;
