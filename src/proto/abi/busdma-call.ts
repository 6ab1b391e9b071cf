/** PROTO_IOC_BUSDMA as its caller fills it in and reads what came back. */
import { BusdmaLayout, type BusdmaRequest, type MapPlace, type TagLimits } from './busdma-request.js';

type RequestNumber = (typeof BusdmaRequest)[keyof typeof BusdmaRequest];

export class BusdmaCall {
  /** The argument of the ioctl. */
  readonly bytes = new Uint8Array(BusdmaLayout.bytes);
  readonly #view = new DataView(this.bytes.buffer);

  /** `key` is of the tag or map that is meant. */
  constructor(request: RequestNumber, key = 0n) {
    this.#view.setUint32(BusdmaLayout.request, request, true);
    this.#view.setBigUint64(BusdmaLayout.key, key, true);
  }

  set tag({ align, bndry, maxaddr, maxsz, maxsegsz, nsegs, datarate, flags }: TagLimits) {
    const { tag } = BusdmaLayout;
    this.#view.setBigUint64(tag.align, align, true);
    this.#view.setBigUint64(tag.bndry, bndry, true);
    this.#view.setBigUint64(tag.maxaddr, maxaddr, true);
    this.#view.setBigUint64(tag.maxsz, maxsz, true);
    this.#view.setBigUint64(tag.maxsegsz, maxsegsz, true);
    this.#view.setUint32(tag.nsegs, nsegs, true);
    this.#view.setUint32(tag.datarate, datarate, true);
    this.#view.setUint32(tag.flags, flags, true);
  }

  /** Key of the tag that a new map is of. */
  set mapTag(key: bigint) {
    this.#view.setBigUint64(BusdmaLayout.md.tag, key, true);
  }

  set segmentIndex(index: number) {
    this.#view.setUint32(BusdmaLayout.md.flags, index, true);
  }

  /** Key of what was made. */
  get result(): bigint {
    return this.#view.getBigUint64(BusdmaLayout.result, true);
  }

  get place(): MapPlace {
    const { md } = BusdmaLayout;
    return {
      virtAddr: this.#view.getBigUint64(md.virtAddr, true),
      virtSize: this.#view.getBigUint64(md.virtSize, true),
      physAddr: this.#view.getBigUint64(md.physAddr, true),
      busAddr: this.#view.getBigUint64(md.busAddr, true),
      busNsegs: this.#view.getUint32(md.busNsegs, true),
    };
  }
}
