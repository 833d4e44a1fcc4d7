import type { ClientGrid } from '#client/index.js';
import { grid } from '../../server/helpers/grids.js';
import type { TestService } from '../../server/helpers/service.js';

/** Of another shape than a test's own grids, so that only the service is shared, never a batch. */
const GRID: ClientGrid = grid({ seed: 77, nSc: 36, id: 'other' });

export interface Others {
  /** Answers so far. */
  readonly answered: number;
  /** Errors and answers with other LLRs than the first one had, in words. */
  readonly complaints: readonly string[];
  /** Longest time between a request and its answer, in milliseconds. */
  readonly slowestMs: number;
  /** Resolves when `count` further answers have come. */
  more(count: number): Promise<void>;
  stop(): Promise<void>;
}

/** Well-behaved clients that send one grid after the other over REST and gRPC, until stopped. */
export async function startOthers(service: Pick<TestService, 'rest' | 'grpc'>): Promise<Others> {
  const [reference] = await service.rest.compute([GRID]);
  const expected = Buffer.from(reference!.llr.data);
  const seen = { running: true, answered: 0, slowestMs: 0, complaints: [] as string[] };
  const client = async (send: () => ReturnType<TestService['rest']['compute']>): Promise<void> => {
    while (seen.running) {
      const start = performance.now();
      try {
        const [answer] = await send();
        if (!expected.equals(answer!.llr.data)) seen.complaints.push('other LLRs than before');
      } catch (error) {
        seen.complaints.push(String(error));
      }
      seen.answered += 1;
      seen.slowestMs = Math.max(seen.slowestMs, performance.now() - start);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  };
  const clients = [
    client(async () => service.rest.compute([GRID])),
    client(async () => service.rest.computeJson([GRID])),
    client(async () => service.grpc.compute([GRID])),
  ];
  return {
    get answered() {
      return seen.answered;
    },
    get slowestMs() {
      return seen.slowestMs;
    },
    complaints: seen.complaints,
    more: async (count) => {
      const target = seen.answered + count;
      while (seen.answered < target) await new Promise((resolve) => setTimeout(resolve, 2));
    },
    stop: async () => {
      seen.running = false;
      await Promise.all(clients);
    },
  };
}
