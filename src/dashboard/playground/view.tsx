/** A slot of one's own, sent to the running service. */
export function PlaygroundView() {
  return <h1>Playground</h1>;
}
