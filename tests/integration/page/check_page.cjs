// Opens an HTML report in headless Chromium and prints, as JSON, what a user would meet there.
//
//   node check_page.cjs NODE_MODULES CHROMIUM PAGE SCREENSHOT_PREFIX
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { createRequire } = require('node:module');
const { pathToFileURL } = require('node:url');

const [modules, chromium, page_file, screenshots] = process.argv.slice(2);
const load = createRequire(path.join(modules, 'x.js'));
const puppeteer = load('puppeteer-core');
const axe = fs.readFileSync(load.resolve('axe-core/axe.min.js'), 'utf8');

async function main() {
  const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'pgsieve-chromium-'));
  const browser = await puppeteer.launch({
    executablePath: chromium,
    headless: true,
    userDataDir: profile,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync'],
  });
  const result = { errors: [], requests: [], violations: {} };
  try {
    const page = await browser.newPage();
    page.on('pageerror', (error) => result.errors.push(String(error)));
    page.on('console', (message) => { if (message.type() === 'error') result.errors.push(message.text()); });
    page.on('dialog', (dialog) => { result.errors.push('dialog: ' + dialog.message()); dialog.dismiss(); });
    page.on('request', (request) => result.requests.push(request.url()));
    await page.setViewport({ width: 1200, height: 1000 });
    const url = pathToFileURL(page_file).href;
    const open = async (fragment) => {
      await page.goto('about:blank');
      await page.goto(url + fragment);
      await page.waitForSelector('html[data-ready]', { timeout: 60000 });
    };
    const text = (selector) => page.$eval(selector, (element) => element.textContent);
    const shown = () => page.$$eval('.finding', (all) => all.filter((one) => !one.hidden).map((one) => one.id));

    for (const scheme of ['light', 'dark']) {
      await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
      await open('');
      await page.$eval('td.text button', (button) => button.click());
      await page.evaluate(axe);
      const audit = await page.evaluate(() => axe.run());
      result.violations[scheme] = audit.violations.map((one) => `${one.id}: ${one.nodes[0].html.slice(0, 200)}`);
      if (screenshots) await page.screenshot({ path: `${screenshots}${scheme}.png` });
    }
    result.ready = await page.$eval('html', (html) => html.dataset.ready);
    result.background_dark = await page.$eval('body', (body) => getComputedStyle(body).backgroundColor);
    await page.click('#theme');
    result.background_switched = await page.$eval('body', (body) => getComputedStyle(body).backgroundColor);

    await open('');
    result.findings = await shown();
    result.rows = await page.$$eval('#patterns-rows tr', (rows) => rows.length);
    result.page_text = await text('#page-text');
    if (result.findings.length > 1) {
      const last_rule = await page.$$eval('.finding', (all) => all[all.length - 1].dataset.rule);
      await page.select('#rule', last_rule);
      result.of_last_rule = await shown();
      await page.select('#rule', '');
      await page.click('input[value="error"]');
      result.without_errors = await shown();
      await page.click('input[value="error"]');
      await page.type('#find', 'nothing has this text');
      result.of_no_text = await shown();
      // A link to a finding that the filter hides shows it all the same.
      await page.evaluate((id) => { location.hash = '#' + id; }, result.findings[result.findings.length - 1]);
      await page.waitForFunction((id) => !document.getElementById(id).hidden, {}, result.findings[result.findings.length - 1]);
      result.after_link = await shown();
      await page.select('#order', 'count');
      result.by_count = await page.$$eval('.finding', (all) => all.map((one) => +one.dataset.count));
    }
    const heading = (name) => page.$$eval('th button', (all, wanted) => all.find((one) => one.textContent === wanted).click(), name);
    await heading('Calls');
    result.calls_down = await page.$$eval('#patterns-rows tr td:nth-child(4)', (cells) => cells.map((cell) => +cell.textContent.replaceAll(',', '')));
    await heading('Calls');
    result.calls_up = await page.$$eval('#patterns-rows tr td:nth-child(4)', (cells) => cells.map((cell) => +cell.textContent.replaceAll(',', '')));
    result.sorted_heading = await page.$eval('th[aria-sort]', (cell) => cell.textContent + ' ' + cell.getAttribute('aria-sort'));
    await page.click('#forward').catch(() => {});
    result.second_page = await text('#page-text');
    const pattern = await page.$eval('#patterns-rows tr', (row) => row.dataset.pattern);
    await open('#pattern=' + pattern);
    result.opened = await page.$$eval('tr.detail', (rows) => rows.length);
    result.histograms = await page.$$eval('tr.detail svg[role="img"]', (images) => images.map((one) => one.getAttribute('aria-label')));

    result.fetch = await page.evaluate(() => fetch('http://127.0.0.1:9/').then(() => 'allowed', () => 'refused'));
    result.injected = await page.evaluate(() => {
      const script = document.createElement('script');
      script.textContent = 'window.injected = true';
      document.body.append(script);
      return window.injected === true;
    });
  } finally {
    await browser.close();
    fs.rmSync(profile, { recursive: true, force: true });
  }
  console.log(JSON.stringify(result));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
