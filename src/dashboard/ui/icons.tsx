/** Drawn here: a page without foreign assets. */
import type { ComponentChildren } from 'preact';

function Icon({ children, size = 16 }: { readonly children: ComponentChildren; readonly size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      stroke-width="1.6"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      {children}
    </svg>
  );
}

/** A membrane potential that rises, fires and falls back. */
export const SpikeIcon = () => (
  <Icon size={20}>
    <path d="M1 12.5h2.5c1.8 0 2.6-1.6 3.4-4L8.6 2l1.9 11c.2 1 .8 1 1.2 0 .4-.8.9-1 1.6-1H15" />
  </Icon>
);

export const PauseIcon = () => (
  <Icon>
    <path d="M5.5 3.5v9M10.5 3.5v9" />
  </Icon>
);

export const PlayIcon = () => (
  <Icon>
    <path d="M5 3.2v9.6l7.5-4.8z" />
  </Icon>
);

export const TableIcon = () => (
  <Icon>
    <path d="M2.5 3.5h11v9h-11zM2.5 6.5h11M6.5 6.5v6" />
  </Icon>
);

export const ChartIcon = () => (
  <Icon>
    <path d="M2.5 2.5v11h11M4.8 10.5l2.7-3.6 2.3 2 3.4-4.4" />
  </Icon>
);

export const KeyIcon = () => (
  <Icon>
    <circle cx="5" cy="8" r="2.8" />
    <path d="M7.8 8h6.2v2.6M11.4 8v2" />
  </Icon>
);

export const SunIcon = () => (
  <Icon>
    <circle cx="8" cy="8" r="2.8" />
    <path d="M8 1.5v1.4M8 13.1v1.4M1.5 8h1.4M13.1 8h1.4M3.4 3.4l1 1M11.6 11.6l1 1M3.4 12.6l1-1M11.6 4.4l1-1" />
  </Icon>
);

export const MoonIcon = () => (
  <Icon>
    <path d="M13.2 9.9A5.7 5.7 0 0 1 6.1 2.8a5.7 5.7 0 1 0 7.1 7.1z" />
  </Icon>
);

export const AutoIcon = () => (
  <Icon>
    <circle cx="8" cy="8" r="5.6" />
    <path d="M8 2.4a5.6 5.6 0 0 1 0 11.2z" fill="currentColor" />
  </Icon>
);
