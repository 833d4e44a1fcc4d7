import { EventSourceParserStream } from 'eventsource-parser/stream';
import { Value } from 'typebox/value';
import {
  LiveHistorySchema,
  LiveSampleSchema,
  LiveServiceSchema,
  type LiveEvents,
  type LiveSample,
} from '#wire/live.js';

export type LiveEvent = {
  readonly [Name in keyof LiveEvents]: { readonly name: Name; readonly data: LiveEvents[Name] };
}[keyof LiveEvents];

const SCHEMAS = { service: LiveServiceSchema, history: LiveHistorySchema, sample: LiveSampleSchema };

/** The events of an answer, each of the form that it says. */
export async function* eventsOf(response: Response): AsyncGenerator<LiveEvent> {
  const parsed = response
    .body!.pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream());
  for await (const { event, data } of parsed) {
    const name = event as keyof typeof SCHEMAS;
    const value: unknown = JSON.parse(data);
    const [problem] = Value.Errors(SCHEMAS[name], value);
    if (problem) throw new Error(`${name}${problem.instancePath}: ${problem.message}`);
    yield { name, data: value } as LiveEvent;
  }
}

/** Samples of a stream, those of its history too, until `enough`; the stream goes on. */
export async function samplesUntil(
  events: AsyncIterator<LiveEvent>,
  enough: (samples: readonly LiveSample[]) => boolean,
): Promise<readonly LiveSample[]> {
  const samples: LiveSample[] = [];
  while (!enough(samples)) {
    const { done, value } = await events.next();
    if (done) throw new Error('the stream ended before');
    if (value.name === 'history') samples.push(...value.data.samples);
    if (value.name === 'sample') samples.push(value.data);
  }
  return samples;
}

export function total(samples: readonly LiveSample[], count: (sample: LiveSample) => number): number {
  return samples.reduce((sum, sample) => sum + count(sample), 0);
}
