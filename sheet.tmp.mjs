// contact sheets of all figures, dark via page
import { chromium } from 'playwright-core';
import { readFileSync } from 'node:fs';
const [,, dir, scheme, prefix, cols='2', width='1700'] = process.argv;
const b = await chromium.launch({ executablePath:'/usr/bin/chromium', args:['--no-sandbox'] });
const p = await b.newPage({ colorScheme: scheme, viewport:{width:1280,height:900} });
await p.goto('file://'+dir+'/report.html');
const ids = await p.locator('figure').evaluateAll(f=>f.map(x=>x.id));
let i=0;
for (const id of ids) { await p.locator('#'+id+' .plot').screenshot({ path: `${prefix}${String(i++).padStart(2,'0')}-${id.slice(7)}.png` }); }
console.log(ids.join(' '));
await b.close();
