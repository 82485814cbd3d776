/** Chromium without a screen, watched: nothing may leave the origin, and nothing may be complained about. */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium, type Locator, type Page } from 'playwright-core';
import { ROOT } from './command.ts';

export const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
export const hasChromium = existsSync(CHROMIUM);

export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM,
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--disable-dev-shm-usage',
      // WebGL in software
      '--use-gl=angle',
      '--use-angle=swiftshader',
      '--enable-unsafe-swiftshader',
    ],
  });
}

export interface WatchedPage {
  readonly page: Page;
  /** Addresses asked for that are not below the page's own origin. */
  readonly strangers: string[];
  /** Errors of the console, uncaught exceptions, failed requests, answers of 400 and above. */
  readonly complaints: string[];
}

export async function watchedPage(browser: Browser, url: string): Promise<WatchedPage> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 1000 }, colorScheme: 'dark' });
  const page = await context.newPage();
  const strangers: string[] = [];
  const complaints: string[] = [];
  const own = new URL(url).host;
  const look = (address: string) => {
    const { host, protocol } = new URL(address);
    if (!['data:', 'blob:'].includes(protocol) && host !== own) strangers.push(address);
  };
  page.on('request', (request) => look(request.url()));
  page.on('websocket', (socket) => look(socket.url()));
  page.on('console', (message) => {
    // software WebGL says that reading back is slow; true, and no fault of the page
    if (
      message.type() === 'error' ||
      (message.type() === 'warning' && !/GPU stall|GL Driver Message/.test(message.text()))
    )
      complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('response', (response) => {
    if (response.status() >= 400) complaints.push(`${response.status()} ${response.url()}`);
  });
  return { page, strangers, complaints };
}

/** The number in an attribute of an element; NaN while it is not there. */
export async function numberOf(element: Locator, attribute: string): Promise<number> {
  const text = await element.getAttribute(attribute, { timeout: 20_000 });
  return text === null || text === '' ? Number.NaN : Number(text);
}

const pictures = join(ROOT, 'test-results');

export async function picture(page: Page, name: string): Promise<void> {
  mkdirSync(pictures, { recursive: true });
  await page.screenshot({ path: join(pictures, `${name}.png`) });
}
