/** A client's transport below which the store forgets the open transactions, as one does that was started anew. */
import {
  encodeMessage,
  MessageDecoder,
  MessageType,
  type StoreTransport,
} from '../../../src/xen/store/index.js';

/** No client counts so far. */
const OWN_REQUEST = 0xffff_fffe;

/** RESET_WATCHES drops transactions; its reply is kept from the client. */
export function forgetful(transport: StoreTransport): StoreTransport & { forgetTransactions(): void } {
  const decoder = new MessageDecoder();
  return {
    name: transport.name,
    maxPayload: transport.maxPayload,
    start: (handlers) => {
      transport.start({
        data: (bytes) => {
          decoder.push(bytes, (message) => {
            if (message.requestId !== OWN_REQUEST) handlers.data(encodeMessage(message));
          });
        },
        end: (error) => {
          handlers.end(error);
        },
      });
    },
    send: (bytes) => {
      transport.send(bytes);
    },
    close: () => {
      transport.close();
    },
    forgetTransactions: () => {
      const payload = Uint8Array.of(0);
      const type = MessageType.RESET_WATCHES;
      transport.send(encodeMessage({ type, requestId: OWN_REQUEST, transactionId: 0, payload }));
    },
  };
}
