import type { ChannelStatistics } from '#phy/channel-statistics.js';
import type { Complex } from './taps.js';

/** `E[h(l + symbols, k + subcarriers)·h*(l, k)]` */
export function covariance(
  { powers, delayPhases, timeCorrelation, lineOfSight }: ChannelStatistics,
  symbols: number,
  subcarriers: number,
): Complex {
  const time = timeCorrelation[Math.abs(symbols)] ?? Number.NaN;
  let re = lineOfSight.power * Math.cos(lineOfSight.dopplerPhase * symbols);
  let im = lineOfSight.power * Math.sin(lineOfSight.dopplerPhase * symbols);
  powers.forEach((power, t) => {
    const phase = (delayPhases[t] ?? Number.NaN) * subcarriers;
    re += time * power * Math.cos(phase);
    im -= time * power * Math.sin(phase);
  });
  return [re, im];
}
