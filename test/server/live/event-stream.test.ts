import { once } from 'node:events';
import { expect, test } from 'vitest';
import { EventStream } from '#server/live/event-stream.js';

test('a client that takes nothing loses its stream after thirty samples, and what waits for it with it', async () => {
  const stream = new EventStream();
  const closed = once(stream, 'close');
  for (let second = 0; second <= 30; second++) stream.send('data: {}\n\n');
  expect(stream.destroyed).toBe(false);
  stream.send('data: {}\n\n');
  await closed;
  expect(stream.destroyed).toBe(true);
  // Whoever still sends is not told.
  stream.send('data: {}\n\n');
});

test('one that was slow for a while misses nothing', async () => {
  const stream = new EventStream();
  for (let sample = 0; sample < 25; sample++) stream.send(`${sample};`);
  let taken = String(stream.read());
  for (let sample = 25; sample < 50; sample++) stream.send(`${sample};`);
  taken += String(stream.read());
  expect(taken).toBe(Array.from({ length: 50 }, (_, sample) => `${sample};`).join(''));
});

test('a stream ends with the credential that opened it', async () => {
  const stream = new EventStream(Date.now() - 1);
  stream.send('data: {}\n\n');
  stream.send('data: {}\n\n');
  stream.resume();
  const sent: unknown[] = [];
  stream.on('data', (part) => sent.push(part));
  await once(stream, 'end');
  expect(sent).toEqual([]);
});
