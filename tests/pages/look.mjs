// Looks at each page of a folder in Chromium: axe, requests, width; leaves pictures and a PDF beside it.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { AxeBuilder } from '@axe-core/playwright';
import { chromium } from 'playwright-core';

const LOOKS = [
  { name: 'wide', width: 1280, height: 900, colorScheme: 'light' },
  { name: 'phone', width: 390, height: 844, colorScheme: 'light' },
  { name: 'dark', width: 1280, height: 900, colorScheme: 'dark' },
  { name: 'phone-dark', width: 390, height: 844, colorScheme: 'dark' },
];

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  // Chromium has no sandbox for root; the pages are our own.
  args: ['--no-sandbox'],
});

/** What is wrong with the page of this file, in lines; pictures of it go into `out`, if given. */
async function faults(file, out) {
  const found = [];
  // Without its content security policy, so that a request is seen, not stopped before it is one.
  const context = await browser.newContext({ bypassCSP: true });
  const page = await context.newPage();
  const own = pathToFileURL(file).href;
  page.on('request', (request) => {
    if (request.url() !== own) found.push(`asks for ${request.url()}`);
  });
  await page.goto(own);
  for (const { name, width, height, colorScheme } of LOOKS) {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme });
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    if (wider > 0) found.push(`${name}: ${wider} px wider than the screen`);
    const { violations } = await new AxeBuilder({ page }).analyze();
    for (const { id, help, nodes } of violations) {
      found.push(`${name}: ${id}: ${help}: ${nodes[0].html.slice(0, 200)} (${nodes.length})`);
    }
    if (out) await page.screenshot({ path: join(out, `${basename(file, '.html')}-${name}.png`) });
  }
  if (out) {
    await pictures(page, join(out, basename(file, '.html')));
    await page.emulateMedia({ media: 'print', colorScheme: 'light' });
    await page.pdf({ path: join(out, `${basename(file, '.html')}.pdf`), format: 'A4' });
  }
  await context.close();
  return found;
}

/** What one screen does not hold, as docs/report shows it: the losses, and two screens of a phone. */
async function pictures(page, name) {
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: 1280, height: 900 });
  const stops = page.locator('section#stops');
  if (await stops.count()) await stops.screenshot({ path: `${name}-stops.png` });
  await page.setViewportSize({ width: 390, height: 1688 });
  await page.screenshot({ path: `${name}-phone-long.png` });
}

/** A page with one fault of each sort has all of them found: else a page without any says nothing. */
async function seesFaults() {
  const folder = mkdtempSync(join(tmpdir(), 'releve-pages-'));
  const file = join(folder, 'faulty.html');
  writeFileSync(
    file,
    '<!doctype html><html lang="en"><title>t</title><main><h1>t</h1><p style="color:#ccc;background:#fff">pale</p>' +
      '<p style="width:2000px">wide</p><img alt="" src="http://127.0.0.1:9/x.png"></main></html>',
  );
  const found = (await faults(file)).join('\n');
  rmSync(folder, { recursive: true });
  for (const sort of ['color-contrast', 'wider than the screen', 'asks for http://127.0.0.1:9/x.png']) {
    if (!found.includes(sort)) throw new Error(`a page with a fault passes: ${sort}, found only:\n${found}`);
  }
}

const folder = process.argv[2];
const files = readdirSync(folder).filter((name) => name.endsWith('.html'));
if (files.length === 0) throw new Error(`no page in ${folder}`);
let wrong = 0;
try {
  await seesFaults();
  for (const name of files) {
    const found = await faults(join(folder, name), folder);
    console.log(found.length === 0 ? `${name}: well` : `${name}:\n  ${found.join('\n  ')}`);
    wrong += found.length;
  }
} finally {
  await browser.close();
}
process.exitCode = wrong === 0 ? 0 : 1;
