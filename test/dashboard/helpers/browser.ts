/** Debian's Chromium, headless, with what goes wrong in a page written down. */
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

export async function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
}

export interface Visit {
  readonly page: Page;
  /** Errors and warnings of the console, exceptions, and requests to anywhere but the service. */
  readonly troubles: string[];
}

/** A page of its own, with storage of its own. `path` is below the service's address: `#/live`. */
export async function visit(
  browser: Browser,
  address: string,
  options: BrowserContextOptions = {},
): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const troubles: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') troubles.push(message.text());
  });
  page.on('pageerror', (error) => troubles.push(error.message));
  page.on('request', (request) => {
    const { origin, protocol } = new URL(request.url());
    if (protocol !== 'data:' && origin !== new URL(address).origin) troubles.push(request.url());
  });
  await page.goto(address);
  return { page, troubles };
}

/** How many pixels of the canvas of a panel are drawn in colours, not in shades of grey. */
export async function colouredPixels(page: Page, panel: string): Promise<number> {
  return page
    .getByRole('region', { name: panel, exact: true })
    .locator('canvas')
    .first()
    .evaluate((canvas: HTMLCanvasElement) => {
      const pixels = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
      let count = 0;
      for (let i = 0; i < pixels.length; i += 4) {
        const [r = 0, g = 0, b = 0] = pixels.slice(i, i + 3);
        if (Math.max(r, g, b) - Math.min(r, g, b) > 60) count++;
      }
      return count;
    });
}

/** How far the page is wider than its window, in pixels. */
export async function overflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
}

/**
 * Texts that stand out from what is behind them by less than WCAG's AA asks for: 4.5 to 1, 3 to 1 where they are large.
 * Texts of disabled controls and in canvases do not count.
 */
export async function faintTexts(page: Page): Promise<readonly string[]> {
  return page.evaluate(() => {
    const context = Object.assign(document.createElement('canvas'), { width: 1, height: 1 }).getContext(
      '2d',
      {
        willReadFrequently: true,
      },
    );
    /** Relative luminance of a colour laid over those before it. */
    const luminance = (...colours: readonly string[]) => {
      for (const colour of colours) {
        context!.fillStyle = colour;
        context!.fillRect(0, 0, 1, 1);
      }
      const [r = 0, g = 0, b = 0] = [...context!.getImageData(0, 0, 1, 1).data].map((part) =>
        part <= 10 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4,
      );
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = (element: Element | null): string[] =>
      element === null
        ? ['#fff']
        : [...behind(element.parentElement), getComputedStyle(element).backgroundColor];
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const elements = new Set<Element>();
    while (texts.nextNode()) {
      const { textContent, parentElement } = texts.currentNode;
      if (textContent?.trim() && parentElement) elements.add(parentElement);
    }
    return [...elements]
      .filter((element) => element.checkVisibility() && !element.closest(':disabled, script'))
      .flatMap((element) => {
        const { color, fontSize, fontWeight } = getComputedStyle(element);
        const backs = behind(element);
        const [text, back] = [luminance(...backs, color), luminance(...backs)];
        const contrast = (Math.max(text, back) + 0.05) / (Math.min(text, back) + 0.05);
        const size = Number.parseFloat(fontSize);
        const isLarge = size >= 24 || (size >= 18.66 && Number(fontWeight) >= 700);
        return contrast >= (isLarge ? 3 : 4.5) ? [] : [`${contrast.toFixed(2)}: ${element.textContent}`];
      });
  });
}
