/** The JSON of an answer. */
export interface InferHead {
  readonly model_name: string;
  readonly parameters?: Readonly<Record<string, string | number>>;
  readonly outputs: readonly {
    readonly name: string;
    readonly datatype: string;
    readonly shape: readonly number[];
    readonly data?: readonly unknown[];
  }[];
  readonly error?: string;
}

export interface BinaryAnswer {
  readonly status: number;
  readonly head: InferHead;
  /** Text of the JSON. */
  readonly text: string;
  /** Undefined where there are no binary data. */
  readonly jsonLength: number | undefined;
  readonly data: Uint8Array<ArrayBuffer>;
}

/** Sends JSON with binary data behind it. */
export async function inferBinary(
  url: string,
  head: object,
  data: readonly ArrayBufferView[],
): Promise<BinaryAnswer> {
  const json = Buffer.from(JSON.stringify(head));
  const parts = data.map((view) => Buffer.from(view.buffer as ArrayBuffer, view.byteOffset, view.byteLength));
  const response = await fetch(url, {
    method: 'POST',
    body: Buffer.concat([json, ...parts]),
    headers: {
      'content-type': 'application/octet-stream',
      'inference-header-content-length': String(json.byteLength),
    },
  });
  const bytes = new Uint8Array(await response.arrayBuffer());
  const header = response.headers.get('inference-header-content-length');
  const jsonLength = header === null ? undefined : Number(header);
  const text = Buffer.from(bytes.subarray(0, jsonLength)).toString('utf8');
  return {
    status: response.status,
    head: JSON.parse(text) as InferHead,
    text,
    jsonLength,
    data: bytes.slice(jsonLength ?? bytes.length),
  };
}

/** A body of JSON and `bytes` zeros behind it, with its headers. */
export function inferBody(head: object, bytes = 0): [Buffer, Record<string, string>] {
  const text = Buffer.from(JSON.stringify(head));
  const headers = { 'inference-header-content-length': String(text.byteLength) };
  return [Buffer.concat([text, Buffer.alloc(bytes)]), headers];
}
