import type { Priority } from './types.js';

/** What decides on the lane of a grid. */
export interface LaneTraits {
  readonly priority: Priority;
  /** Has a deadline to be met. */
  readonly urgent: boolean;
}

/** Where several lanes wait, each gets its weight in work: four times that of the next. */
const WEIGHTS = [64, 16, 4, 1] as const;
/** Where urgent grids go that cannot be answered in time any more: served when nothing else waits. */
export const LOST = WEIGHTS.length;
export const LANE_COUNT = LOST + 1;

export function laneOf({ urgent, priority }: LaneTraits): number {
  return (urgent ? 0 : 2) + (priority === 'high' ? 0 : 1);
}

interface Lane {
  waiting: number;
  /** Work served, over the weight. */
  pass: number;
}

/**
 * Whose turn it is among the lanes: the one that has had the least for its weight (stride scheduling). A lane below its
 * share is served as soon as something waits in it; one that is flooded gets no more than its share while others wait;
 * and a lane that begins to wait begins at the present, so that idle time earns no credit.
 */
export class Lanes {
  private readonly lanes: readonly Lane[] = Array.from({ length: LANE_COUNT }, () => ({
    waiting: 0,
    pass: 0,
  }));
  /** Pass of the lane whose turn came last. */
  private present = 0;

  /** The lane whose turn it is among those that `hasSome`; undefined when none has. */
  inTurn(hasSome: (lane: number) => boolean): number | undefined {
    let best: number | undefined;
    for (let lane = 0; lane < LOST; lane += 1)
      if (hasSome(lane) && (best === undefined || this.at(lane).pass < this.at(best).pass)) best = lane;
    return best ?? (hasSome(LOST) ? LOST : undefined);
  }

  isEmpty(lane: number): boolean {
    return this.at(lane).waiting === 0;
  }

  joined(lane: number): void {
    const state = this.at(lane);
    if (state.waiting === 0) state.pass = Math.max(state.pass, this.present);
    state.waiting += 1;
  }

  left(lane: number): void {
    this.at(lane).waiting -= 1;
  }

  turnBegins(lane: number): void {
    if (lane !== LOST) this.present = Math.max(this.present, this.at(lane).pass);
  }

  served(lane: number, resourceElements: number): void {
    this.at(lane).pass += resourceElements / (WEIGHTS[lane] ?? 1);
  }

  private at(lane: number): Lane {
    return this.lanes[lane] as Lane;
  }
}
