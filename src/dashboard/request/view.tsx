/** The latest request of anybody, where the service lets its grid be looked at. */
export function LatestRequestView() {
  return <h1>Latest request</h1>;
}
