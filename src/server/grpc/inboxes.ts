/** Prefix of a gRPC message: whether it is compressed, and its length in four bytes. */
export const FRAME_BYTES = 5;

/**
 * What has come of gRPC messages and is not admitted yet: parts of messages, and whole ones that wait, unpacked. Together they
 * take at most `limit` bytes. Beyond it, the call whose messages are here for the longest is given up: it is the one that
 * sends half a message and stops, not the one that sends its own in a moment.
 */
export class Inboxes {
  #bytes = 0;
  /** Those that hold something, the longest first. */
  readonly #holding = new Set<Inbox>();

  constructor(private readonly limit: number) {}

  get bytes(): number {
    return this.#bytes;
  }

  /** @param giveUp ends the call; called once at most. */
  open(giveUp: () => void): Inbox {
    return new Inbox((inbox, change) => this.#changed(inbox, change), giveUp);
  }

  #changed(inbox: Inbox, change: number): void {
    this.#bytes += change;
    if (inbox.bytes === 0) this.#holding.delete(inbox);
    else this.#holding.add(inbox);
    for (const oldest of this.#holding) {
      if (this.#bytes <= this.limit) return;
      oldest.giveUp();
      oldest.close();
    }
  }
}

/** The messages of one call. Follows their frames, because grpc-js tells of whole messages only. */
export class Inbox {
  #partBytes = 0;
  #frameBytes = 0;
  /** Of the message behind the frame that is being read; what is left of it once the frame is whole. */
  #length = 0;
  /** Whole messages that nobody has taken, and when they came, on the `performance.now()` clock. */
  readonly #whole: { readonly bytes: number; readonly arrivedMs: number }[] = [];
  #wholeBytes = 0;
  /** What whole messages have become beyond what came of them, and of each that is unpacked and kept how much. */
  #swollenBytes = 0;
  readonly #swollen: number[] = [];
  #bytes = 0;
  #keeps = false;
  #closed = false;

  /** @param onChange is told by how much `bytes` has changed. */
  constructor(
    private readonly onChange: (inbox: Inbox, change: number) => void,
    readonly giveUp: () => void,
  ) {}

  get bytes(): number {
    return this.#bytes;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** From now on whole messages count until they are taken. */
  keepUntilTaken(): void {
    this.#keeps = true;
  }

  receive(chunk: Uint8Array): void {
    if (this.#closed) return;
    let at = 0;
    while (at < chunk.length) {
      if (this.#frameBytes < FRAME_BYTES) this.#readFrame(chunk[at++]!);
      else at += this.#readBody(chunk.length - at);
      if (this.#frameBytes === FRAME_BYTES && this.#length === 0) this.#endMessage();
    }
    this.#update();
  }

  /** When the oldest whole message that nobody has taken had come; grpc-js may have kept it since. */
  get arrivedMs(): number | undefined {
    return this.#whole[0]?.arrivedMs;
  }

  /** The oldest whole message has been admitted or refused. */
  taken(): void {
    this.#wholeBytes -= this.#whole.shift()?.bytes ?? 0;
    this.#swollenBytes -= this.#swollen.shift() ?? 0;
    this.#update();
  }

  /** A message that is being unpacked takes so many bytes more. */
  swell(bytes: number): void {
    if (this.#closed) return;
    this.#swollenBytes += bytes;
    this.#update();
  }

  /** A message has been unpacked, or could not be; `bytes` is all that it has swollen by. */
  unpacked(bytes: number): void {
    if (this.#closed) return;
    if (this.#keeps) this.#swollen.push(bytes);
    else this.#swollenBytes -= bytes;
    this.#update();
  }

  /** The call is over. */
  close(): void {
    this.#closed = true;
    this.#whole.length = 0;
    this.#wholeBytes = 0;
    this.#swollen.length = 0;
    this.#swollenBytes = 0;
    this.#partBytes = 0;
    this.#update();
  }

  #readFrame(byte: number): void {
    if (this.#frameBytes > 0) this.#length = this.#length * 256 + byte;
    this.#frameBytes++;
    this.#partBytes++;
  }

  /** @returns how many of the bytes belong to the message. */
  #readBody(available: number): number {
    const bytes = Math.min(available, this.#length);
    this.#length -= bytes;
    this.#partBytes += bytes;
    return bytes;
  }

  #endMessage(): void {
    if (this.#keeps) {
      this.#whole.push({ bytes: this.#partBytes, arrivedMs: performance.now() });
      this.#wholeBytes += this.#partBytes;
    }
    this.#partBytes = 0;
    this.#frameBytes = 0;
  }

  #update(): void {
    const bytes = this.#partBytes + this.#wholeBytes + this.#swollenBytes;
    const change = bytes - this.#bytes;
    this.#bytes = bytes;
    if (change !== 0) this.onChange(this, change);
  }
}
