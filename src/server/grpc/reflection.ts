import { loadSync, type PackageDefinition } from '@grpc/proto-loader';
import descriptor, { type IDescriptorProto } from 'protobufjs/ext/descriptor/index.js';

/**
 * The definitions of `files` for server reflection, with the names that they have there. protobufjs gives the entries of
 * map fields names of its own, which other implementations of protobuf refuse: they get those that protoc gives.
 */
export function reflectedDefinitions(files: readonly string[], includeDirs: string[]): PackageDefinition {
  const loaded = loadSync([...files], { includeDirs, keepCase: true });
  return Object.fromEntries(
    Object.entries(loaded).map(([name, definition]) => {
      const described = definition as { readonly fileDescriptorProtos?: readonly Buffer[] };
      const fileDescriptorProtos = described.fileDescriptorProtos?.map(withMapEntries);
      return [name, fileDescriptorProtos ? { ...definition, fileDescriptorProtos } : definition];
    }),
  ) as PackageDefinition;
}

function withMapEntries(bytes: Buffer): Buffer {
  const file = descriptor.FileDescriptorProto.decode(bytes) as unknown as {
    messageType?: IDescriptorProto[];
  };
  for (const message of file.messageType ?? []) nameMapEntries(message);
  return Buffer.from(descriptor.FileDescriptorProto.encode(file).finish());
}

function nameMapEntries({ field: fields = [], nestedType: nested = [] }: IDescriptorProto): void {
  for (const type of nested) {
    nameMapEntries(type);
    if (!type.options?.mapEntry) continue;
    const field = fields.find(({ typeName }) => typeName === type.name);
    if (!field) continue;
    type.name = `${pascalCase(field.name ?? '')}Entry`;
    field.typeName = type.name;
  }
}

function pascalCase(name: string): string {
  return name.replaceAll(/(?:^|_)([a-z0-9])/g, (_match, first: string) => first.toUpperCase());
}
