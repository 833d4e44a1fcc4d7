/** The dashboard: one page, with a view for each thing that people come to look at. */
import { useComputed } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { askForKey, key } from './api/key.js';
import { LiveView } from './live/view.js';
import { serviceState } from './live/state.js';
import { followService, service, silentMs, stream } from './live/store.js';
import { PlaygroundView } from './playground/view.js';
import { LatestRequestView } from './request/view.js';
import { followAddress, route, ROUTES, type RouteId } from './routes.js';
import { ServiceView } from './service/view.js';
import { followTheme, theme, THEMES } from './theme.js';
import { Button } from './ui/forms.js';
import { AutoIcon, KeyIcon, MoonIcon, SpikeIcon, SunIcon } from './ui/icons.js';
import { KeyDialog } from './ui/key-dialog.js';

const VIEWS = {
  live: LiveView,
  playground: PlaygroundView,
  service: ServiceView,
  request: LatestRequestView,
} satisfies Record<RouteId, unknown>;

export function App() {
  const main = useRef<HTMLElement>(null);
  const isFirst = useRef(true);
  useEffect(() => {
    const ends = [followTheme(), followAddress(), followService()];
    return () => ends.forEach((end) => end());
  }, []);
  const shown = route.value;
  useEffect(() => {
    const label = ROUTES.find(({ id }) => id === shown)?.label ?? '';
    document.title = `${label} · SpikingRx`;
    // The view is what a reader of the screen goes on with, but not before anything was chosen.
    if (!isFirst.current) main.current?.focus({ preventScroll: true });
    isFirst.current = false;
    scrollTo(0, 0);
  }, [shown]);
  const View = VIEWS[shown];
  return (
    <>
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          // The hash is the view's.
          event.preventDefault();
          main.current?.focus();
        }}
      >
        Skip to the view
      </a>
      <Bar />
      <main ref={main} id="main" class="view" tabIndex={-1}>
        <View key={shown} />
      </main>
      <KeyDialog />
    </>
  );
}

function Bar() {
  return (
    <header class="bar">
      <a class="brand" href="#/live">
        <SpikeIcon />
        SpikingRx
      </a>
      <nav class="views" aria-label="Views">
        {ROUTES.map(({ id, label }) => (
          <a
            key={id}
            href={`#/${id}`}
            data-label={label}
            aria-current={route.value === id ? 'page' : undefined}
          >
            <span>{label}</span>
          </a>
        ))}
      </nav>
      <div class="bar-tools">
        <StateBadge />
        <KeyButton />
        <ThemeButton />
      </div>
    </header>
  );
}

function StateBadge() {
  const state = useComputed(() =>
    serviceState({ stream: stream.value, service: service.value, silentMs: silentMs.value }),
  );
  const { tone, text, detail } = state.value;
  return (
    <span class="state" data-tone={tone} role="status" title={detail}>
      {text}
    </span>
  );
}

/** Only where a key is, or was asked for: most services in a lab ask for none. */
function KeyButton() {
  const isWanted = stream.value.kind === 'refused' && [401, 403].includes(stream.value.status);
  if (key.value === undefined && !isWanted) return null;
  const name = key.value === undefined ? 'Enter a key' : 'Use another key, or none';
  return (
    <Button kind="quiet" title={name} aria-label={name} onClick={() => void askForKey(false)}>
      <KeyIcon />
    </Button>
  );
}

const THEME_ICONS = { auto: AutoIcon, light: SunIcon, dark: MoonIcon };
const THEME_NAMES = { auto: 'as the system', light: 'light', dark: 'dark' };

function ThemeButton() {
  const at = theme.value;
  const next = THEMES[(THEMES.indexOf(at) + 1) % THEMES.length] ?? 'auto';
  const Shown = THEME_ICONS[at];
  const name = `Colours: ${THEME_NAMES[at]}. Change to ${THEME_NAMES[next]}`;
  return (
    <Button kind="quiet" title={name} aria-label={name} onClick={() => (theme.value = next)}>
      <Shown />
    </Button>
  );
}
