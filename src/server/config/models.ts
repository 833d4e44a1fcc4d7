import { fileURLToPath } from 'node:url';
import { Type } from 'typebox';

/** `models/` of the package. */
const PACKAGE_MODELS = fileURLToPath(new URL('../../../models', import.meta.url));

/** Which models are served. */
export const modelsSettings = {
  modelsDir: Type.String({
    description: 'Folder that holds <name>/<version>/model.onnx',
    default: PACKAGE_MODELS,
    minLength: 1,
  }),
  defaultModel: Type.Optional(
    Type.String({
      description: 'Model of requests that name none (default: the first by name)',
      minLength: 1,
    }),
  ),
};
