/** Status codes of completions (NVM Express 1.4, 4.6.1): code type in bits 8 to 10, code in bits 0 to 7. */

/** The status field of a completion, without its phase bit: 15 bits. */
export type Status = number & { readonly __brand: 'NvmeStatus' };

const DO_NOT_RETRY = 0x4000;

/** An error that the same command would meet again. */
function final(type: 0 | 1, code: number): Status {
  return ((type << 8) | code | DO_NOT_RETRY) as Status;
}

export const SUCCESS = 0 as Status;
/** Another try may succeed, so this one alone goes without "do not retry". */
export const DATA_TRANSFER_ERROR = 0x04 as Status;
export const ABORT_REQUESTED = 0x07 as Status;

export const INVALID_OPCODE = final(0, 0x01);
export const INVALID_FIELD = final(0, 0x02);
export const INVALID_NAMESPACE = final(0, 0x0b);
export const COMMAND_SEQUENCE_ERROR = final(0, 0x0c);
export const PRP_OFFSET_INVALID = final(0, 0x13);
export const LBA_OUT_OF_RANGE = final(0, 0x80);

export const INVALID_COMPLETION_QUEUE = final(1, 0x00);
export const INVALID_QUEUE_IDENTIFIER = final(1, 0x01);
export const INVALID_QUEUE_SIZE = final(1, 0x02);
export const EVENT_REQUEST_LIMIT_EXCEEDED = final(1, 0x05);
export const INVALID_INTERRUPT_VECTOR = final(1, 0x08);
export const INVALID_LOG_PAGE = final(1, 0x09);
export const INVALID_QUEUE_DELETION = final(1, 0x0c);
export const FEATURE_NOT_SAVEABLE = final(1, 0x0d);
export const FEATURE_NOT_CHANGEABLE = final(1, 0x0e);
