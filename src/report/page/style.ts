/** The looks of a report's page: light and dark, wide and narrow, on screen and on paper. */
import { DARK, DARK_OF, LIGHT } from '../../chart/colours.js';

type Surface = typeof LIGHT | typeof DARK;

function variables({ surface, text, muted, grid }: Surface, link: string): string {
  return `--surface:${surface};--text:${text};--muted:${muted};--line:${grid};--link:${link}`;
}

/** Figures are drawn in the light colours: on a dark surface each is exchanged for its dark one. */
function darkFigures(scope: string): string {
  return [...DARK_OF]
    .flatMap(([light, dark]) =>
      (['fill', 'stroke'] as const).map((paint) => `${scope} .plot [${paint}="${light}"]{${paint}:${dark}}`),
    )
    .join('\n');
}

const LIGHT_LINK = '#0064a8';
const DARK_LINK = '#58a6ff';
const LIGHT_ROOT = `color-scheme:light;${variables(LIGHT, LIGHT_LINK)}`;
const DARK_ROOT = `color-scheme:dark;${variables(DARK, DARK_LINK)}`;
const CHOSEN_DARK = ':root[data-theme="dark"]';
const FOLLOWING = ':root:not([data-theme="light"])';

const LAYOUT = `
*{box-sizing:border-box}
html{scroll-behavior:smooth;scroll-padding-top:1rem}
body{margin:0;background:var(--surface);color:var(--text);font:16px/1.5 system-ui,sans-serif}
a{color:var(--link)}
h1{font-size:1.6rem;margin:0 0 .25rem;overflow-wrap:anywhere}
h2{font-size:1.3rem;margin:2.5rem 0 .5rem;padding-top:.75rem;border-top:1px solid var(--line)}
h3{font-size:1rem;margin:0 0 .5rem}
p{margin:.25rem 0 .75rem;max-width:72ch}
.page{display:grid;grid-template-columns:17rem minmax(0,1fr);gap:2rem;max-width:84rem;margin:0 auto;padding:1.5rem}
nav{position:sticky;top:1rem;align-self:start;max-height:calc(100vh - 2rem);overflow:auto;font-size:.875rem}
nav ul{list-style:none;margin:0;padding:0}
nav ul ul{padding-left:.75rem;margin-bottom:.5rem}
nav a{display:block;padding:.15rem 0;text-decoration:none}
nav a:hover{text-decoration:underline}
nav summary{font-weight:600;cursor:pointer;padding:.25rem 0}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(17rem,1fr));gap:1rem 2rem;margin:1rem 0}
.facts h2{font-size:1rem;margin:0 0 .25rem;border:0;padding:0}
dl{margin:0;display:grid;grid-template-columns:auto minmax(0,1fr);gap:.1rem .75rem;font-size:.875rem}
dt{color:var(--muted)}
dd{margin:0;overflow-wrap:anywhere;font-variant-numeric:tabular-nums}
figure{margin:1.5rem 0 2.5rem}
.plot{overflow-x:auto}
.plot svg{display:block;height:auto;width:100%;min-width:36rem}
figcaption{max-width:76ch;margin:.5rem 0}
.links{font-size:.875rem;color:var(--muted);margin:.25rem 0}
.links a{display:inline-block;padding:.2rem .3rem}
.controls{display:flex;flex-wrap:wrap;gap:.5rem;align-items:center;margin:.5rem 0}
.controls input{flex:1 1 8rem;max-width:24rem;accent-color:var(--link)}
button,select{font:inherit;color:inherit;background:var(--surface);border:1px solid var(--muted);border-radius:.375rem;padding:.3rem .7rem;min-height:2.25rem;cursor:pointer}
:focus-visible{outline:3px solid var(--link);outline-offset:2px}
.top{display:flex;flex-wrap:wrap;justify-content:space-between;gap:1rem;align-items:start}
.theme{font-size:.875rem;color:var(--muted)}
.needs-script{display:none}
.scripted .needs-script{display:flex}
.scripted .theme.needs-script,.scripted details.needs-script{display:block}
.scripted .frame[hidden]{display:none}
details table{border-collapse:collapse;font-size:.8rem;font-variant-numeric:tabular-nums}
details .rows{overflow:auto;max-height:24rem}
th,td{text-align:left;padding:.15rem .6rem;border-bottom:1px solid var(--line);white-space:nowrap}
.visually-hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
@media (max-width:60rem){.page{grid-template-columns:minmax(0,1fr);padding:1rem;gap:.5rem}nav{position:static;max-height:none}}
@media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
@media print{
nav,.needs-script,.links{display:none!important}
.page{display:block;padding:0;max-width:none}
body{font-size:11pt}
figure{break-inside:avoid}
.plot{overflow:visible}
.plot svg{min-width:0}
.scripted .frame[hidden]{display:block}
}`;

/** Dark colours only on screen: paper is white. */
export const STYLE = `:root{${LIGHT_ROOT}}
@media screen{${CHOSEN_DARK}{${DARK_ROOT}}
${darkFigures(CHOSEN_DARK)}}
@media screen and (prefers-color-scheme:dark){${FOLLOWING}{${DARK_ROOT}}
${darkFigures(FOLLOWING)}}
${LAYOUT}`;
