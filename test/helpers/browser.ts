import { type Browser, chromium, type Page } from 'playwright-core';
import { hasTool } from './tools.js';

/** Debian's Chromium. */
export const CHROMIUM = '/usr/bin/chromium';

export function hasChromium(): boolean {
  return hasTool(CHROMIUM);
}

/** Headless; containers have no room for its sandbox. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
}

/** What a page complained about, and what it asked for, from now on. */
export interface Watched {
  /** Errors and warnings of the console, and exceptions that nobody caught. */
  readonly problems: string[];
  /** URLs, but for data that are in the page itself. */
  readonly requests: string[];
}

export function watchPage(page: Page): Watched {
  const watched: Watched = { problems: [], requests: [] };
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) watched.problems.push(message.text());
  });
  page.on('pageerror', (error) => watched.problems.push(String(error)));
  page.on('request', (request) => {
    if (!/^(?:data|blob):/.test(request.url())) watched.requests.push(request.url());
  });
  return watched;
}
