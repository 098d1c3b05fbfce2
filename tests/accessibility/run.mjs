// Opens reports in Debian's Chromium, in light, dark and phone width: axe-core finds no violation, nothing is loaded, no
// script is there, and the page does not scroll sideways. Arguments: HTML files.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { chromium } from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const views = [
  { name: 'light', colorScheme: 'light', viewport: { width: 1280, height: 900 } },
  { name: 'dark', colorScheme: 'dark', viewport: { width: 1280, height: 900 } },
  { name: 'phone', colorScheme: 'light', viewport: { width: 390, height: 844 } },
];
const files = process.argv.slice(2);
if (files.length === 0) throw new Error('no reports were given');

const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
let wrong = 0;
const tell = (file, view, text) => {
  wrong += 1;
  console.error(`${file} (${view.name}): ${text}`);
};
for (const file of files) {
  for (const view of views) {
    // The page's own policy forbids scripts, axe's too.
    const context = await browser.newContext({ colorScheme: view.colorScheme, viewport: view.viewport, bypassCSP: true });
    const page = await context.newPage();
    const url = `file://${resolve(file)}`;
    page.on('request', (request) => {
      if (request.url() !== url) tell(file, view, `asks for ${request.url()}`);
    });
    await page.goto(url);
    if ((await page.locator('script').count()) > 0) tell(file, view, 'has a script');
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (overflow > 0) tell(file, view, `scrolls sideways by ${overflow} px`);
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => globalThis.axe.run());
    for (const violation of violations) {
      tell(file, view, `${violation.id}: ${violation.help}: ${violation.nodes.map((node) => node.target.join(' ')).join(', ')}`);
    }
    await context.close();
  }
}
await browser.close();
console.log(`${files.length} reports in ${views.length} views: ${wrong === 0 ? 'no violation' : `${wrong} violations`}`);
process.exit(wrong === 0 ? 0 : 1);
