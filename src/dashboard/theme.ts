/** Light or dark: as the viewer's system prefers, or as chosen in the page. */
import { computed, effect, signal } from '@preact/signals';

export const THEMES = ['auto', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];
export type Scheme = 'light' | 'dark';

const KEY = 'spikingrx.theme';
const prefersDark = signal(false);

export const theme = signal<Theme>('auto');

/** What is shown. */
export const scheme = computed<Scheme>(() => {
  if (theme.value !== 'auto') return theme.value;
  return prefersDark.value ? 'dark' : 'light';
});

export function themeOf(stored: string | null): Theme {
  return THEMES.find((name) => name === stored) ?? 'auto';
}

/** Takes the choice of the last visit, follows the system, and puts the choice on the page. @returns ends it */
export function followTheme(): () => void {
  theme.value = themeOf(localStorage.getItem(KEY));
  const query = matchMedia('(prefers-color-scheme: dark)');
  const read = () => {
    // Paper is light to whoever asks; what is drawn on canvases stays as it is.
    if (!matchMedia('print').matches) prefersDark.value = query.matches;
  };
  read();
  query.addEventListener('change', read);
  const end = effect(() => {
    if (theme.value === 'auto') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = theme.value;
    document.documentElement.dataset['drawn'] = scheme.value;
    localStorage.setItem(KEY, theme.value);
  });
  return () => {
    query.removeEventListener('change', read);
    end();
  };
}
