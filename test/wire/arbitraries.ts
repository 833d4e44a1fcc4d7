import * as fc from 'fast-check';
import protobuf from 'protobufjs';

const float32 = fc.float({ noNaN: true, noDefaultInfinity: true });
const uint32 = fc.oneof(fc.nat({ max: 300 }), fc.integer({ min: 0, max: 2 ** 32 - 1 }));
const texts = fc.oneof(fc.string({ maxLength: 12 }), fc.string({ unit: 'grapheme', maxLength: 60 }));
const enums = fc.oneof(fc.nat({ max: 4 }), fc.integer());

function scalar(field: protobuf.Field): fc.Arbitrary<unknown> {
  switch (field.type) {
    case 'string':
      return texts;
    case 'bytes':
      return fc.uint8Array({ maxLength: 200 });
    case 'float':
      return float32;
    case 'bool':
      return fc.boolean();
    case 'uint32':
      return uint32;
    default:
      return enums;
  }
}

/** Messages as a program makes them: every field there or not, one member of each oneof at most. */
export function messages(type: protobuf.Type): fc.Arbitrary<Record<string, unknown>> {
  const oneofs = type.oneofsArray.filter(({ fieldsArray }) => fieldsArray.length > 1);
  const inOneof = new Set(oneofs.flatMap(({ fieldsArray }) => fieldsArray));
  const free = type.fieldsArray.filter((field) => !inOneof.has(field));
  const fields = fc.record(Object.fromEntries(free.map((field) => [field.name, value(field)])), {
    requiredKeys: [],
  });
  const chosen = oneofs.map(({ fieldsArray }) =>
    fc.oneof(fc.constant({}), ...fieldsArray.map((field) => fc.record({ [field.name]: value(field) }))),
  );
  return fc.tuple(fields, ...chosen).map((parts) => Object.assign({}, ...parts) as Record<string, unknown>);
}

function value(field: protobuf.Field): fc.Arbitrary<unknown> {
  const { resolvedType } = field.resolve();
  const one = resolvedType instanceof protobuf.Type ? messages(resolvedType) : scalar(field);
  return field.repeated ? fc.array(one, { maxLength: 4 }) : one;
}

/** `message` without what proto3 does not write: defaults of fields without presence. */
export function stripped(type: protobuf.Type, message: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(message).flatMap(([name, given]): [string, unknown][] => {
    const field = type.fields[name]!.resolve();
    const { resolvedType } = field;
    if (resolvedType instanceof protobuf.Type) {
      const strip = (one: unknown) => stripped(resolvedType, one as Record<string, unknown>);
      return [[name, field.repeated ? (given as unknown[]).map(strip) : strip(given)]];
    }
    const hasPresence = field.partOf !== null || field.repeated;
    const isDefault = [0, '', false].some((zero) => Object.is(zero, given)) || isEmpty(given);
    return !hasPresence && isDefault ? [] : [[name, given]];
  });
  return Object.fromEntries(entries);
}

function isEmpty(given: unknown): boolean {
  return given instanceof Uint8Array && given.byteLength === 0;
}

/** Bytes as a strange but valid program may write them: fields in any order, repeated, unknown, packed or not. */
export function wireMessages(type: protobuf.Type, depth = 0): fc.Arbitrary<Buffer> {
  const known = type.fieldsArray.map((field) => wireField(field.resolve(), depth));
  return fc
    .array(fc.oneof({ weight: 6, arbitrary: fc.oneof(...known) }, unknownField(type)), { maxLength: 8 })
    .map((parts) => Buffer.concat(parts));
}

function wireField(field: protobuf.Field, depth: number): fc.Arbitrary<Buffer> {
  const { resolvedType, id } = field;
  if (resolvedType instanceof protobuf.Type)
    return wireMessages(resolvedType, depth + 1).map((body) => delimited(id, body));
  return fc.oneof(
    scalar(field).map((one) => scalarField(field, one)),
    fc.array(scalar(field), { maxLength: 5 }).map((list) => {
      if (!field.repeated) return Buffer.alloc(0);
      const writer = protobuf.Writer.create()
        .uint32((id << 3) | 2)
        .fork();
      for (const one of list) writer.uint32(one as number);
      return Buffer.from(writer.ldelim().finish());
    }),
  );
}

function scalarField({ id, type }: protobuf.Field, one: unknown): Buffer {
  const writer = protobuf.Writer.create();
  if (type === 'string') writer.uint32((id << 3) | 2).string(one as string);
  else if (type === 'bytes') writer.uint32((id << 3) | 2).bytes(one as Uint8Array);
  else if (type === 'float') writer.uint32((id << 3) | 5).float(one as number);
  else if (type === 'bool') writer.uint32(id << 3).bool(one as boolean);
  else if (type === 'uint32') writer.uint32(id << 3).uint32(one as number);
  else writer.uint32(id << 3).int32(one as number);
  return Buffer.from(writer.finish());
}

function unknownField(type: protobuf.Type): fc.Arbitrary<Buffer> {
  const ids = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 2 ** 29 - 1 }));
  const id = ids.filter((one) => type.fieldsById[one] === undefined);
  const values = fc.oneof(
    fc.integer().map((one) => ({ wire: 0, write: (w: protobuf.Writer) => w.int32(one) })),
    fc.uint8Array({ minLength: 8, maxLength: 8 }).map((b) => ({ wire: 1, write: raw(b) })),
    fc.uint8Array({ maxLength: 9 }).map((b) => ({ wire: 2, write: (w: protobuf.Writer) => w.bytes(b) })),
    fc.uint8Array({ minLength: 4, maxLength: 4 }).map((b) => ({ wire: 5, write: raw(b) })),
    // A group that holds a group.
    fc.nat({ max: 99 }).map((one) => ({
      wire: 3,
      write: (w: protobuf.Writer) => w.uint32(8).uint32(one).uint32(11).uint32(12).uint32(12),
    })),
  );
  return fc.tuple(id, values).map(([field, { wire, write }]) => {
    const writer = protobuf.Writer.create().uint32(((field << 3) | wire) >>> 0);
    return Buffer.from(write(writer).finish());
  });
}

function raw(bytes: Uint8Array): (writer: protobuf.Writer) => protobuf.Writer {
  return (writer) => {
    for (let at = 0; at < bytes.length; at += 4) writer.fixed32(Buffer.from(bytes).readUInt32LE(at));
    return writer;
  };
}

function delimited(id: number, body: Uint8Array): Buffer {
  return Buffer.from(
    protobuf.Writer.create()
      .uint32((id << 3) | 2)
      .bytes(body)
      .finish(),
  );
}

/** `source` with a few bytes changed, left out or put in, or cut short. */
export function mutated(source: fc.Arbitrary<Buffer>): fc.Arbitrary<Buffer> {
  const change = fc.record({
    at: fc.nat(),
    kind: fc.constantFrom('set', 'insert', 'remove', 'cut', 'double'),
    byte: fc.oneof(fc.nat({ max: 255 }), fc.constantFrom(0, 127, 128, 255)),
  });
  return fc.tuple(source, fc.array(change, { minLength: 1, maxLength: 3 })).map(([bytes, changes]) =>
    changes.reduce((now, { at, kind, byte }) => {
      const i = now.length === 0 ? 0 : at % now.length;
      const [head, tail] = [now.subarray(0, i), now.subarray(i)];
      if (kind === 'insert') return Buffer.concat([head, Buffer.of(byte), tail]);
      if (kind === 'cut') return Buffer.from(head);
      if (kind === 'double') return Buffer.concat([head, tail, tail]);
      return Buffer.concat([head, kind === 'set' ? Buffer.of(byte) : Buffer.alloc(0), tail.subarray(1)]);
    }, bytes),
  );
}
