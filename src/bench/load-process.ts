/** Process that plays a client: see load.ts. */
import { SpikingRxError } from '../errors.js';
import type { LoadCommand, LoadReply } from './load.js';
import { runLoad } from './run-load.js';

process.on('message', (command: LoadCommand) => {
  void answer(command).then((reply) => process.send?.(reply));
});

async function answer(command: LoadCommand): Promise<LoadReply> {
  try {
    return { figures: await runLoad(command) };
  } catch (error) {
    const code = error instanceof SpikingRxError ? `${error.code}: ` : '';
    return { error: code + (error instanceof Error ? error.message : String(error)) };
  }
}
