// Looks at a night in a real browser, as a person would, and says in JSON what it read.
//
// Given by the environment: ADDRESS, PLAYWRIGHT, AXE (files), CHROMIUM, SHOTS (a directory), GO (the file that the agent
// at work waits for), LOOKED_AT (the title of the goal that waits for a look).
"use strict";
const fs = require("node:fs");
const path = require("node:path");
const assert = require("node:assert/strict");
const { chromium } = require(process.env.PLAYWRIGHT);

const { ADDRESS, AXE, CHROMIUM, SHOTS, GO, LOOKED_AT } = process.env;
const PATIENCE = 90_000;
const axe = fs.readFileSync(AXE, "utf8");
const troubles = [];

async function opened(browser, options) {
  const context = await browser.newContext({ baseURL: ADDRESS, viewport: { width: 1280, height: 900 }, ...options });
  context.setDefaultTimeout(PATIENCE);
  const page = await context.newPage();
  page.on("pageerror", (error) => troubles.push(`a script failed: ${error}`));
  page.on("console", (said) => { if (said.type() === "error") troubles.push(`the console says: ${said.text()}`); });
  page.on("request", (request) => {
    if (!request.url().startsWith(ADDRESS)) troubles.push(`another host was asked: ${request.url()}`);
  });
  return page;
}

const shot = (page, name) => page.screenshot({ path: path.join(SHOTS, `${name}.png`), fullPage: true });

// What keeps somebody from using the page at all, or nearly (axe-core's "serious" and "critical").
async function accessible(page, name) {
  const found = await page.evaluate(`${axe}; axe.run()`);
  for (const one of found.violations.filter((one) => ["serious", "critical"].includes(one.impact))) {
    troubles.push(`${name}: ${one.id}: ${one.help}: ${one.nodes.map((node) => node.html).join(" | ").slice(0, 600)}`);
  }
}

async function seen(page, name) {
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    await accessible(page, `${name}, ${colorScheme}`);
    await shot(page, `${name}-${colorScheme}`);
  }
  await page.emulateMedia({ colorScheme: "light" });
  const size = page.viewportSize();
  await page.setViewportSize({ width: 390, height: 844 });
  const [wide, room] = await page.evaluate("[document.documentElement.scrollWidth, innerWidth]");
  if (wide > room) troubles.push(`${name} is ${wide} wide on a phone of ${room}`);
  await shot(page, `${name}-phone`);
  await page.setViewportSize(size);
}

async function follow(page) {
  await page.goto("/now");
  await page.evaluate("window.loaded = 1");
  await page.getByRole("region", { name: /^Running \(1\)/ }).waitFor();
  await page.getByRole("region", { name: /^Needs me \(2\)/ }).waitFor();
  assert.equal(await page.evaluate("window.loaded"), 1, "the page changed by itself, it was not loaded again");
  await seen(page, "now");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate("document.activeElement.textContent"), "To the content");
  await page.getByRole("region", { name: /^Running/ }).getByRole("link", { name: /^attempt/ }).click();
  const log = page.getByRole("log");
  await log.getByText("the first words").waitFor();
  assert.equal(await log.getByText("the last words").count(), 0);
  await page.evaluate("window.loaded = 2");
  fs.writeFileSync(GO, "");
  await log.getByText("the last words").waitFor();
  assert.equal(await page.evaluate("window.loaded"), 2, "the log grew by itself, it was not loaded again");
  await page.locator("#standing dd", { hasText: /^done$/ }).waitFor();
  await seen(page, "run");
}

async function approve(page) {
  await page.goto("/now");
  await page.getByRole("link", { name: new RegExp(LOOKED_AT) }).click();
  await seen(page, "goal");
  await page.getByRole("button", { name: "Approve" }).click();
  await page.locator("#standing .state.done").waitFor();
  await shot(page, "goal-landed");
}

async function numbers(page) {
  await page.goto("/numbers");
  const figure = async (name) => {
    const box = page.locator(".headline div").filter({ has: page.locator("dt", { hasText: new RegExp(`^${name}$`) }) });
    return (await box.locator("dd").first().textContent()).trim();
  };
  // The last run is counted a moment after it has landed.
  const read = async () => ({ runs: await figure("Runs"), goals: await figure("Goals met"), cost: await figure("Cost") });
  await seen(page, "numbers");
  return read();
}

async function whole(browser, page) {
  for (const name of ["failures", "stories", "repositories"]) {
    await page.goto(`/${name}`);
    await seen(page, name);
  }
  const plain = await opened(browser, { javaScriptEnabled: false });
  await plain.goto("/now");
  await plain.getByRole("heading", { name: /^Needs me \(1\)/ }).waitFor();
  await plain.getByRole("link", { name: "Numbers" }).click();
  await plain.getByRole("heading", { name: "Numbers" }).waitFor();
}

(async () => {
  const args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"];
  const browser = await chromium.launch({ executablePath: CHROMIUM, args });
  try {
    const page = await opened(browser, {});
    await follow(page);
    await approve(page);
    await whole(browser, page);
    const said = await numbers(page);
    console.log(JSON.stringify({ ...said, troubles }));
  } catch (error) {
    for (const context of browser.contexts()) for (const page of context.pages()) {
      console.error(page.url(), await page.locator("body").innerText());
    }
    throw error;
  } finally {
    await browser.close();
  }
})().catch((error) => { console.error(error); console.error(troubles.join("\n")); process.exitCode = 1; });
