import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';

const MODULE = new URL('../dist/interrupt.js', import.meta.url).href;
/** Tells each call of `stop`, and never ends of itself. */
const SCRIPT = `
  import { onInterrupt } from '${MODULE}';
  onInterrupt(() => console.log('stop'));
  setInterval(() => {}, 1000);
  console.log('ready');`;

it.each(['SIGINT', 'SIGTERM'] as const)(
  '%s stops once, however often it comes at a time; later it ends the process',
  async (signal) => {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', SCRIPT]);
    const told = async (): Promise<string> => String((await once(child.stdout, 'data'))[0]);
    expect(await told()).toBe('ready\n');
    child.kill(signal);
    expect(await told()).toBe('stop\n');
    child.kill(signal === 'SIGINT' ? 'SIGTERM' : 'SIGINT');
    await delay(700);
    expect(child.exitCode ?? child.signalCode).toBeNull();
    child.kill(signal);
    expect(await once(child, 'close')).toEqual([null, signal]);
  },
);
