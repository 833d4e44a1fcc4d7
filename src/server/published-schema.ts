import { ConfigSchema } from './config.js';

/**
 * The JSON Schema of the configuration file (draft 2020-12), the same on every machine: for editors, and for tools
 * that check a configuration before it is deployed.
 */
export function publishedConfigSchema(): Readonly<Record<string, unknown>> {
  // Where the package lies is a matter of the machine.
  const { default: _path, ...modelsDir } = ConfigSchema.properties.modelsDir as { default?: string };
  // What has a default may be left out of the file.
  const { required: _required, ...schema } = ConfigSchema;
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Configuration of spikingrx serve',
    description: 'Durations are milliseconds. Without modelsDir the models of the package are served.',
    ...schema,
    properties: { ...ConfigSchema.properties, modelsDir },
  };
}
