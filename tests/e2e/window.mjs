// The real window under WebDriver: starts the program behind WebKitWebDriver with sound cards of its own, and finds keys,
// positions and channels on its panel by what a person sees.
import { spawn } from 'node:child_process';
import { createWriteStream, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Builder, By, Capabilities, Origin } from 'selenium-webdriver';
import { end, until } from './patience.mjs';
import { Sound } from './sound.mjs';

const PLACES = ['left', 'right', 'hands-free', 'speakers'];
const root = fileURLToPath(new URL('../..', import.meta.url));

/** A program of this workspace. */
export function program(name) {
  const folder = process.env.DEALERBOARD_PROGRAMS ?? join(resolve(root, process.env.CARGO_TARGET_DIR ?? 'target'), 'debug');
  const path = join(folder, name);
  if (!existsSync(path)) throw new Error(`${path} is not built; run cargo build --workspace --bins first`);
  return path;
}

/** The file of a sample voice. */
export const voiceFile = (name) => join(root, 'assets/voices', name);

/** A TCP port that is free now. */
function freePort() {
  return new Promise((done, failed) => {
    const server = createServer();
    server.once('error', failed);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

/** One seat's cards: a speaker for each position; one microphone, before the positions that are named. */
async function seatCards(sound, at, mics, ears) {
  const cards = { mic: await sound.microphone(`mic${at}`), mics };
  if (mics === 'system') await sound.makeDefault(cards.mic);
  for (const place of PLACES) cards[place] = ears ?? await sound.speaker(`${place}${at}`);
  return cards;
}

function devicesFile(seats) {
  // A position without a microphone names one that does not exist: with no name at all it would take the system's.
  const mic = (seat, place) => (place === 'speakers' || seat.mics === 'system' ? '' : `microphone = "${seat.mics.includes(place) ? seat.mic : 'none'}", `);
  const seat = (cards) => PLACES.map((place) => `${place} = { ${mic(cards, place)}ear = "${cards[place]}" }`).join('\n');
  return seats.map((cards) => `[[turret]]\n${seat(cards)}\n`).join('\n');
}

/**
 * Starts the program. `mics`: for each window, which positions have a microphone, or `system` where all have the system's; `args`: options in the place of the
 * sample floor's; `ears`: the name of the one device at every ear, in the place of speakers made for them; `named`: whether a file names the devices,
 * else every position has the system's until another is chosen.
 */
export async function openWindow({ mics = [['left', 'hands-free']], args = ['--sample-floor'], ears, named = true } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'dealerboard-window-'));
  const sound = new Sound(folder);
  const opened = { folder, sound, named, seats: [], driver: null, service: null, program: null };
  try {
    for (const [at, positions] of mics.entries()) opened.seats.push(await seatCards(sound, at + 1, positions, ears));
    writeFileSync(join(folder, 'devices.toml'), devicesFile(opened.seats));
    if (!named) await sound.makeDefaultSpeaker(opened.seats[0].left);
    await start(opened, args);
    return new Panel(opened);
  } catch (error) {
    await close(opened);
    throw error;
  }
}

/** Starts the program on the folder and the cards of `opened`. */
async function start(opened, args) {
  const { folder, seats, named } = opened;
  const port = await freePort();
  // The program is a child of the driver: it gets its environment and its output from there.
  const env = { ...process.env, HOME: folder, TAURI_WEBVIEW_AUTOMATION: 'true', NO_AT_BRIDGE: '1' };
  opened.service = spawn('WebKitWebDriver', [`--port=${port}`], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const log = createWriteStream(join(folder, 'log'), { flags: 'a' });
  opened.service.stdout.pipe(log);
  opened.service.stderr.pipe(log);
  const address = `http://127.0.0.1:${port}/`;
  await until('WebKitWebDriver answers', async () => (await fetch(`${address}status`)).ok);
  const devices = named ? ['--devices', join(folder, 'devices.toml')] : [];
  const options = ['--turrets', String(seats.length), '--data', join(folder, 'data'), ...devices, ...args];
  const wanted = new Capabilities({ browserName: 'wry' });
  wanted.set('webkitgtk:browserOptions', { binary: program('dealerboard'), args: options });
  opened.driver = await new Builder().usingServer(address).withCapabilities(wanted).build();
  opened.program = childOf(opened.service.pid);
}

/** Ends the program and its driver. */
async function stop({ driver, service, program }) {
  // A window that is gone already has nothing to quit.
  await driver?.quit().catch(() => {});
  // The driver leaves the program alone when the session ends.
  if (program && runs(program)) process.kill(program, 'SIGTERM');
  if (program) await until('the program has ended', () => !runs(program));
  if (service) await end(service);
}

/** The one process that `pid` started. */
function childOf(pid) {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(/\s+/);
  return Number(children[0]);
}

function runs(pid) {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function close(opened) {
  const { folder, sound } = opened;
  const log = join(folder, 'log');
  if (process.env.DEALERBOARD_SHOW_LOG && existsSync(log)) console.error(readFileSync(log, 'utf8'));
  await stop(opened);
  await sound.close();
  rmSync(folder, { recursive: true, force: true });
}

const clean = (text) => text.replace(/\s+/g, ' ').trim();

/** The panel in the window that the driver looks at. */
export class Panel {
  constructor(opened) {
    this.opened = opened;
    this.sound = opened.sound;
    this.seats = opened.seats;
  }

  get driver() {
    return this.opened.driver;
  }

  /** Ends the program and starts it anew, on the same data and devices. */
  async restart(args = []) {
    await stop(this.opened);
    await start(this.opened, args);
  }

  close() {
    return close(this.opened);
  }

  /** What `selector` finds first, once it is drawn. */
  find(selector) {
    return until(`${selector} is there`, () => this.driver.findElement(By.css(selector)));
  }

  /** The visible words of what `selector` finds first; none when there is no such thing. */
  async words(selector) {
    const text = await this.driver.executeScript('return document.querySelector(arguments[0])?.innerText ?? null', selector);
    return text === null ? null : clean(text);
  }

  /** Waits until the words of `selector` match, and gives them. */
  async reads(selector, pattern) {
    let last = null;
    try {
      return await until('', async () => {
        last = await this.words(selector);
        return last !== null && pattern.test(last) ? last : null;
      });
    } catch {
      throw new Error(`waited in vain until ${selector} reads ${pattern}; it read ${JSON.stringify(last)}`);
    }
  }

  /** The lamp of a line's key, as `data-lamp`. */
  async lamp(line) {
    return this.driver.executeScript('return document.querySelector(arguments[0])?.dataset.lamp ?? null', `.key[data-line="${line}"]`);
  }

  async untilLamp(line, ...lamps) {
    return until(`${line} shows ${lamps.join(' or ')}`, async () => {
      const lamp = await this.lamp(line);
      return lamps.includes(lamp) ? lamp : null;
    });
  }

  /** Clicks as a person does. */
  async press(selector) {
    await (await this.find(selector)).click();
  }

  /** Presses a key of the keyboard on what `selector` finds. */
  async type(selector, key) {
    await (await this.find(selector)).sendKeys(key);
  }

  pressKey(line) {
    return this.press(`.key[data-line="${line}"]`);
  }

  /** Puts the pointer down on `selector` and leaves it there. */
  async hold(selector) {
    const element = await this.find(selector);
    await this.driver.actions({ bridge: false }).move({ origin: element ?? Origin.POINTER }).press().perform();
  }

  /** Lifts the pointer. */
  async letGo() {
    await this.driver.actions({ bridge: false }).release().perform();
  }

  /** Every turret's window, once all of them are there, in the order of their users' names. */
  async windows() {
    const handles = await until('every window is open', async () => {
      const all = await this.driver.getAllWindowHandles();
      return all.length === this.seats.length ? all : null;
    });
    const named = [];
    for (const handle of handles) {
      await this.driver.switchTo().window(handle);
      named.push([await this.reads('header .who b', /\w/), handle]);
    }
    return Object.fromEntries(named);
  }
}
