/** Weight of the newest batch once there are enough; about the last twenty count. */
const NEWEST_WEIGHT = 0.05;
/** A batch counts for at most this many times what was expected of it: a pause of the machine is not the model's. */
const MOST_TIMES_EXPECTED = 4;

/**
 * How long batches take, as measured: for each model a line over the resource elements of the batch, fitted to the
 * latest batches. Its slope is what one more grid costs, its height what any batch costs. A version that is loaded again
 * goes on with the times of the one before.
 */
export class ComputeTimes {
  private readonly fits = new Map<string, Fit>();

  observe(modelId: string, resourceElements: number, ms: number): void {
    const fit = this.fits.get(modelId) ?? new Fit();
    this.fits.set(modelId, fit);
    fit.observe(resourceElements, ms);
  }

  /** Milliseconds; 0 for a model that has not run yet. */
  expectedMs(modelId: string, resourceElements: number): number {
    return this.fits.get(modelId)?.at(resourceElements) ?? 0;
  }
}

/** Linear regression with exponentially fading weights. */
class Fit {
  private count = 0;
  private meanX = 0;
  private meanY = 0;
  private varianceX = 0;
  private covariance = 0;

  observe(x: number, measured: number): void {
    const y = this.count === 0 ? measured : Math.min(measured, MOST_TIMES_EXPECTED * this.at(x));
    this.count += 1;
    const weight = Math.max(NEWEST_WEIGHT, 1 / this.count);
    const dx = x - this.meanX;
    const dy = y - this.meanY;
    this.meanX += weight * dx;
    this.meanY += weight * dy;
    this.varianceX = (1 - weight) * (this.varianceX + weight * dx * dx);
    this.covariance = (1 - weight) * (this.covariance + weight * dx * dy);
  }

  at(x: number): number {
    const proportional = this.meanY / this.meanX;
    // Batches of one size tell nothing of others: then, and where noise has bent the line, the time is taken as proportional.
    const slope = this.varianceX > 0 ? this.covariance / this.varianceX : proportional;
    if (!(slope >= 0 && slope <= proportional)) return proportional * x;
    return this.meanY + slope * (x - this.meanX);
  }
}
