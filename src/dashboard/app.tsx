/** The dashboard: one page, with a view for each thing that people come to look at. */
export function App() {
  return <h1>SpikingRx</h1>;
}
