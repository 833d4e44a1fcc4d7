import { describe, expect, it } from 'vitest';
import { availableCores, cgroupCpuQuota } from '#engine/cores.js';

const files =
  (contents: Readonly<Record<string, string>>) =>
  (path: string): string | undefined =>
    contents[path];
const V2 = '/sys/fs/cgroup/cpu.max';
const V1_QUOTA = '/sys/fs/cgroup/cpu/cpu.cfs_quota_us';
const V1_PERIOD = '/sys/fs/cgroup/cpu/cpu.cfs_period_us';

describe('cgroupCpuQuota', () => {
  it.each([
    ['version 2', { [V2]: '250000 100000' }, 2.5],
    ['version 2 without a limit', { [V2]: 'max 100000' }, undefined],
    ['version 1', { [V1_QUOTA]: '400000', [V1_PERIOD]: '100000' }, 4],
    ['version 1 without a limit', { [V1_QUOTA]: '-1', [V1_PERIOD]: '100000' }, undefined],
    ['no cgroup', {}, undefined],
    ['garbage', { [V2]: 'what' }, undefined],
  ])('reads %s', (_, contents, cores) => {
    expect(cgroupCpuQuota(files(contents as Record<string, string>))).toBe(cores);
  });
});

describe('availableCores', () => {
  it('is the smaller of affinity and quota, rounded down, at least one', () => {
    expect(availableCores(files({ [V2]: '250000 100000' }), 8)).toBe(2);
    expect(availableCores(files({ [V2]: '250000 100000' }), 1)).toBe(1);
    expect(availableCores(files({ [V2]: '50000 100000' }), 8)).toBe(1);
    expect(availableCores(files({}), 6)).toBe(6);
  });
});
