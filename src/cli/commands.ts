import type { Command } from 'commander';

/**
 * Every command by its name. Each is loaded when it is asked for: the service need not read the trainer's modules, nor
 * wait for them.
 */
export const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  serve: async () => (await import('./serve.js')).serveCommand(),
  key: async () => (await import('./key.js')).keyCommand(),
  demo: async () => (await import('./demo.js')).demoCommand(),
  simulate: async () => (await import('./simulate.js')).simulateCommand(),
  train: async () => (await import('./train.js')).trainCommand(),
  export: async () => (await import('./export.js')).exportCommand(),
  golden: async () => (await import('./golden.js')).goldenCommand(),
  evaluate: async () => (await import('./evaluate.js')).evaluateCommand(),
  energy: async () => (await import('./energy.js')).energyCommand(),
  report: async () => (await import('./report.js')).reportCommand(),
  infer: async () => (await import('./infer.js')).inferCommand(),
  replay: async () => (await import('./replay.js')).replayCommand(),
  bench: async () => (await import('./bench.js')).benchCommand(),
  soak: async () => (await import('./soak.js')).soakCommand(),
};
