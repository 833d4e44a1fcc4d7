import protobuf from 'protobufjs';

/** What a decoder made of bytes: a message with all its defaults, or nothing. */
export type Decoded = Readonly<Record<string, unknown>>;

export interface Reference {
  /** Undefined where the bytes are no such message. */
  readonly message: Decoded | undefined;
  /**
   * Where protobufjs has rules of its own: a singular submessage came twice, or two members of a oneof, or a field
   * of another wire type than its own.
   */
  readonly unruly: boolean;
}

/**
 * proto3's rules by reflection over the definition, with protobufjs's reader for the values: slow and plain, to
 * hold the codec against.
 */
export function referenceDecode(type: protobuf.Type, bytes: Uint8Array): Reference {
  // Not a Buffer: for those protobufjs has a reader that cuts texts off at the end instead of refusing them.
  const plain = new Uint8Array(bytes);
  const state = { reader: new protobuf.Reader(plain), unruly: false };
  try {
    const message = readFields(state, type, emptyMessage(type), 0);
    return { message, unruly: state.unruly };
  } catch {
    return { message: undefined, unruly: state.unruly };
  }
}

interface State {
  readonly reader: protobuf.Reader;
  unruly: boolean;
}

export function emptyMessage(type: protobuf.Type): Record<string, unknown> {
  return Object.fromEntries(type.fieldsArray.map((field) => [field.name, defaultOf(field)]));
}

function defaultOf(field: protobuf.Field): unknown {
  const { resolvedType } = field.resolve();
  if (field.repeated) return [];
  if (resolvedType instanceof protobuf.Type || field.partOf) return null;
  if (field.type === 'bytes') return new Uint8Array(0);
  if (field.type === 'string') return '';
  return field.type === 'bool' ? false : 0;
}

function readFields(
  state: State,
  type: protobuf.Type,
  message: Record<string, unknown>,
  depth: number,
): Record<string, unknown> {
  const { reader } = state;
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    const field = type.fieldsById[tag >>> 3];
    const isKnown = field !== undefined && fits(field.resolve(), tag & 7);
    if (field && !isKnown) state.unruly = true;
    // protobufjs's declared types leave the depth out.
    if (!isKnown)
      (reader as unknown as { skipType(wire: number, depth: number): void }).skipType(tag & 7, depth);
    else readField(state, field.resolve(), { tag, message, depth });
  }
  return message;
}

/** Whether values of the field come with this wire type. */
function fits(field: protobuf.Field, wireType: number): boolean {
  if (field.repeated && field.type === 'uint32' && wireType === 2) return true;
  if (field.resolvedType instanceof protobuf.Type || field.type === 'string' || field.type === 'bytes')
    return wireType === 2;
  return wireType === (field.type === 'float' ? 5 : 0);
}

interface Place {
  readonly tag: number;
  readonly message: Record<string, unknown>;
  readonly depth: number;
}

function readField(state: State, field: protobuf.Field, { tag, message, depth }: Place): void {
  const { resolvedType, name } = field;
  if (resolvedType instanceof protobuf.Type) {
    const siblings = field.partOf?.fieldsArray.filter((other) => other !== field) ?? [];
    if (!field.repeated && [field, ...siblings].some((one) => message[one.name] !== null))
      state.unruly = true;
    for (const sibling of siblings) message[sibling.name] = null;
    const before = field.repeated ? null : (message[name] as Record<string, unknown> | null);
    const into = before ?? emptyMessage(resolvedType);
    const value = within(state.reader, () => readFields(state, resolvedType, into, depth + 1));
    if (field.repeated) (message[name] as unknown[]).push(value);
    else message[name] = value;
  } else if (!field.repeated) message[name] = scalar(state.reader, field);
  else if ((tag & 7) !== 2) (message[name] as unknown[]).push(scalar(state.reader, field));
  else
    within(state.reader, () => {
      while (state.reader.pos < state.reader.len)
        (message[name] as unknown[]).push(scalar(state.reader, field));
    });
}

function within<T>(reader: protobuf.Reader, read: () => T): T {
  const end = reader.uint32() + reader.pos;
  if (end > reader.len) throw new RangeError('beyond the end');
  const outer = reader.len;
  reader.len = end;
  const value = read();
  reader.len = outer;
  return value;
}

function scalar(reader: protobuf.Reader, field: protobuf.Field): unknown {
  switch (field.type) {
    case 'string':
      return Buffer.from(reader.bytes()).toString('utf8');
    case 'bytes':
      return reader.bytes();
    case 'float':
      return reader.float();
    case 'bool':
      return reader.bool();
    case 'uint32':
      return reader.uint32();
    default:
      return reader.int32();
  }
}
