// The worker of the service, which starts once the file that GATE names is there.
import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

while (!existsSync(process.env.GATE)) await delay(20);
await import('../../../dist/engine/worker.js');
