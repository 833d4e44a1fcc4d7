import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { BenchShape } from './options.js';

/** What a load process does; times in seconds unless the name says otherwise. */
export type LoadCommand = LoadTarget & (SaturatingLoad | PoissonLoad);

export interface LoadTarget {
  /** `http://host:port` for REST, `host:port` for gRPC. */
  readonly address: string;
  readonly model: string;
  readonly version: string;
  readonly nRx: number;
  readonly shape: BenchShape;
  readonly seed: number;
}

/** Closed loop: always `inFlight` grids unanswered. */
export interface SaturatingLoad {
  readonly kind: 'grpc' | 'rest';
  readonly gridsPerMessage: number;
  readonly inFlight: number;
  /** Traffic before the count begins. */
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

/** Open loop over a gRPC stream, one grid a message: arrivals do not wait for answers. */
export interface PoissonLoad {
  readonly kind: 'poisson';
  readonly gridsPerSecond: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

export interface LoadFigures {
  readonly gridsPerSecond: number;
  readonly meanBatch: number;
  /** Answers that were errors. */
  readonly failures: number;
  /** From the arrival (open loop) or the send (closed loop) to the decoded answer. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export type LoadReply = { readonly figures: LoadFigures } | { readonly error: string };

/** A client in a process of its own. */
export class LoadProcess {
  readonly #child: ChildProcess;

  constructor() {
    this.#child = fork(new URL('./load-process.js', import.meta.url), { serialization: 'advanced' });
  }

  /** @throws Error when the client failed, or its process died */
  async run(command: LoadCommand): Promise<LoadFigures> {
    const stop = new AbortController();
    const { signal } = stop;
    const reply = once(this.#child, 'message', { signal }) as Promise<[LoadReply]>;
    const died = once(this.#child, 'exit', { signal }).then((): never => {
      throw new Error('the load process died');
    });
    this.#child.send(command);
    try {
      const [answer] = await Promise.race([reply, died]);
      if ('error' in answer) throw new Error(`load process: ${answer.error}`);
      return answer.figures;
    } finally {
      stop.abort();
      await Promise.allSettled([reply, died]);
    }
  }

  close(): void {
    this.#child.kill();
  }
}
