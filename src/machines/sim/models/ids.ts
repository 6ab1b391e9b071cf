/**
 * Ids of the models that exist nowhere else. Vendor 1234h is nobody's: QEMU's edu and VGA, which this machine shares it
 * with, have 11e8h and 1111h. The models below have 5100h to 51ffh of it, and these ids as subsystem ids too.
 */
export const MODEL_VENDOR = 0x1234;

export const TESTDEV = 0x5100;
export const CLEARING = 0x5101;
export const VECTORS = 0x5102;
/** The functions of the multi-function device: base, and base plus the number of the function. */
export const MULTI = 0x5110;

/** Class code of a device that fits no class. */
export const UNASSIGNED_CLASS = 0xff0000;
