import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { loadConfig } from '#server/config.js';
import { startTestService, type TestService } from '../server/helpers/service.js';

const FOLDER = 'docker/kubernetes';

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
  readonly periodSeconds: number;
  readonly failureThreshold: number;
}
interface Container {
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly startupProbe: Probe;
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
  readonly securityContext: object;
}
interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly selector: { readonly matchLabels?: object };
    readonly ports?: readonly { readonly targetPort: string }[];
    readonly template?: {
      readonly metadata: { readonly labels: object };
      readonly spec: {
        readonly containers: readonly [Container];
        readonly securityContext: object;
        readonly enableServiceLinks: boolean;
        readonly terminationGracePeriodSeconds: number;
      };
    };
  };
}

const manifests = readdirSync(FOLDER).flatMap((file) =>
  parseAllDocuments(readFileSync(join(FOLDER, file), 'utf8')).map((document) => {
    if (document.errors[0]) throw document.errors[0];
    return document.toJS() as Manifest;
  }),
);
const { template } = manifests.find(({ kind }) => kind === 'Deployment')!.spec;
const pod = template!.spec;
const [container] = pod.containers;
const environment = Object.fromEntries(container.env.map(({ name, value }) => [name, value]));
const config = loadConfig({ environment });

let service: TestService;
beforeAll(async () => {
  service = await startTestService();
});
afterAll(async () => service.close());

test('the kinds are there, and select the pods of the deployment', () => {
  expect(manifests.map(({ kind }) => kind).toSorted()).toEqual([
    'Deployment',
    'PodDisruptionBudget',
    'Service',
    'Service',
  ]);
  for (const { spec } of manifests)
    expect(spec.selector.matchLabels ?? spec.selector).toEqual(template!.metadata.labels);
});

test('each probe asks a route of its own, which answers', async () => {
  const { startupProbe, livenessProbe, readinessProbe } = container;
  const paths = [startupProbe, livenessProbe, readinessProbe].map(({ httpGet }) => httpGet.path);
  expect(new Set(paths).size).toBe(3);
  for (const path of paths) expect((await fetch(`${service.url}${path}`)).status).toBe(200);
});

test('ports are those of the settings, and services lead to them', () => {
  const ports = Object.fromEntries(container.ports.map(({ name, containerPort }) => [name, containerPort]));
  expect(ports).toEqual({ http: config.httpPort, grpc: config.grpcPort });
  const targets = manifests.flatMap(({ spec }) => spec.ports ?? []).map(({ targetPort }) => targetPort);
  expect(targets.toSorted()).toEqual(['grpc', 'http']);
  for (const probe of [container.startupProbe, container.livenessProbe, container.readinessProbe])
    expect(probe.httpGet.port).toBe('http');
});

test('a pod has the time to drain, and does not run as root nor write', () => {
  const { drainDelayMs, shutdownTimeoutMs } = config;
  expect(pod.terminationGracePeriodSeconds * 1000).toBeGreaterThanOrEqual(
    drainDelayMs + shutdownTimeoutMs + 10_000,
  );
  // Longer than load balancers take to see it.
  const { periodSeconds, failureThreshold } = container.readinessProbe;
  expect(drainDelayMs).toBeGreaterThan(periodSeconds * failureThreshold * 1000);
  expect(pod.enableServiceLinks).toBe(false);
  expect(pod.securityContext).toMatchObject({ runAsNonRoot: true });
  expect(container.securityContext).toEqual({
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  });
});
