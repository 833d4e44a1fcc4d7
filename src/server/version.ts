import { createRequire } from 'node:module';

interface Manifest {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
}

const manifest = createRequire(import.meta.url)('../../package.json') as Manifest;

/** Version of the service. */
export const PACKAGE_VERSION = manifest.version;
/** Version of the inference runtime, which the package pins exactly. */
export const RUNTIME_VERSION = String(manifest.dependencies['onnxruntime-node']);
