/**
 * What a report's page does in the browser: colour scheme, animations, tables and downloads. Without it the page
 * shows everything, all frames one below the other. Plain text, because it goes into the page as it is.
 */
export const SCRIPT = `'use strict';
(() => {
  const root = document.documentElement;
  root.classList.add('scripted');
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  // A page from a file may have no storage.
  const stored = { get: () => { try { return localStorage.getItem('spikingrx-theme'); } catch { return null; } },
    set: (theme) => { try { localStorage.setItem('spikingrx-theme', theme); } catch { /* nothing is kept */ } } };
  const select = document.getElementById('theme');
  const show = (theme) => { if (theme === 'auto') delete root.dataset.theme; else root.dataset.theme = theme; };
  const known = ['auto', 'light', 'dark'].find((theme) => theme === stored.get()) ?? 'auto';
  select.value = known;
  show(known);
  select.addEventListener('change', () => { show(select.value); stored.set(select.value); });

  // On a narrow screen the contents are folded away.
  const contents = document.querySelector('nav details');
  if (matchMedia('(max-width:60rem)').matches) contents.open = false;

  const FRAME_MS = 900;
  const still = matchMedia('(prefers-reduced-motion:reduce)');
  for (const figure of all('figure[data-animated]')) {
    const frames = all('.frame', figure);
    const [slider, label, play] = ['input', 'output', '.play'].map((selector) => figure.querySelector(selector));
    let timer;
    const at = () => Number(slider.value);
    const go = (index) => {
      slider.value = String((index + frames.length) % frames.length);
      frames.forEach((frame, i) => { frame.hidden = i !== at(); });
      label.value = frames[at()].dataset.label;
    };
    const stop = () => { clearInterval(timer); timer = undefined; play.textContent = 'Play'; };
    const start = () => {
      // Whoever wants little motion sees it through once.
      if (still.matches && at() === frames.length - 1) go(0);
      timer = setInterval(() => {
        go(at() + 1);
        if (still.matches && at() === frames.length - 1) stop();
      }, still.matches ? 2 * FRAME_MS : FRAME_MS);
      play.textContent = 'Pause';
    };
    const toggle = () => (timer === undefined ? start() : stop());
    const step = (by) => { stop(); go(at() + by); };
    play.addEventListener('click', toggle);
    figure.querySelector('.back').addEventListener('click', () => step(-1));
    figure.querySelector('.on').addEventListener('click', () => step(1));
    slider.addEventListener('input', () => { stop(); go(at()); });
    figure.querySelector('.plot').addEventListener('keydown', (event) => {
      const action = { ArrowLeft: () => step(-1), ArrowRight: () => step(1), ' ': toggle }[event.key];
      if (action === undefined) return;
      event.preventDefault();
      action();
    });
    go(0);
  }

  // The numbers are packed: most of them are never looked at.
  const dataOf = (figure) => {
    const packed = Uint8Array.from(atob(figure.querySelector('script').textContent), (c) => c.charCodeAt(0));
    return new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream('deflate'))).json();
  };
  const csvCell = (cell) => {
    const text = cell === null ? '' : String(cell);
    return /[",\\n]/.test(text) ? '"' + text.replaceAll('"', '""') + '"' : text;
  };
  const formats = {
    csv: async (figure) => {
      const { columns, rows } = await dataOf(figure);
      return [[columns, ...rows].map((row) => row.map(csvCell).join(',')).join('\\n') + '\\n', 'text/csv'];
    },
    json: async (figure) => [JSON.stringify(await dataOf(figure)), 'application/json'],
    svg: async (figure) => [figure.querySelector('.frame:not([hidden]) svg').outerHTML, 'image/svg+xml'],
  };
  for (const link of all('a[data-format]'))
    link.addEventListener('click', async (event) => {
      event.preventDefault();
      const figure = link.closest('figure');
      const [text, type] = await formats[link.dataset.format](figure);
      const file = document.createElement('a');
      file.href = URL.createObjectURL(new Blob([text], { type }));
      const name = link.getAttribute('href').split('/').pop();
      // The frame that is shown, under the name that it has as a file.
      const shown = figure.querySelector('input[type=range]')?.value ?? 0;
      file.download = name.replace(/-1\\.svg$/, '-' + (Number(shown) + 1) + '.svg');
      file.click();
      setTimeout(() => URL.revokeObjectURL(file.href), 10000);
    });

  const MOST_ROWS = 500;
  const cells = (kind, values) => values.map((value) => {
    const cell = document.createElement(kind);
    cell.textContent = value === null ? '' : String(value);
    if (kind === 'th') cell.scope = 'col';
    return cell;
  });
  for (const details of all('details.data'))
    details.addEventListener('toggle', async () => {
      const table = details.querySelector('table');
      if (details.dataset.filled) return;
      details.dataset.filled = 'yes';
      const { columns, rows } = await dataOf(details.closest('figure'));
      table.createTHead().insertRow().append(...cells('th', columns));
      const body = table.createTBody();
      for (const row of rows.slice(0, MOST_ROWS)) body.insertRow().append(...cells('td', row));
      if (rows.length > MOST_ROWS) {
        const [more] = cells('td', ['… ' + (rows.length - MOST_ROWS) + ' more: see CSV or JSON']);
        more.colSpan = columns.length;
        body.insertRow().append(more);
      }
    });
})();
`;
