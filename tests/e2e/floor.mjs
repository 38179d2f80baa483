// A small real floor: a switch and turrets without windows as processes of their own, as an operator would start them.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { end, run, until } from './patience.mjs';
import { program } from './window.mjs';

const PASSWORD = 'correct horse battery staple';

/** A running switch on loopback; everybody named has the same password. */
export class Floor {
  static async start(name, users) {
    const floor = new Floor();
    floor.folder = mkdtempSync(join(tmpdir(), 'dealerboard-floor-'));
    floor.data = join(floor.folder, 'data');
    floor.password = PASSWORD;
    floor.passwordFile = join(floor.folder, 'password');
    floor.turrets = [];
    try {
      writeFileSync(floor.passwordFile, PASSWORD);
      const file = ['--password-file', floor.passwordFile];
      await floor.#serve(fileURLToPath(new URL(`../floors/${name}.toml`, import.meta.url)));
      for (const user of users) await run(program('dealerboard-switch'), ['user', 'password', user, '--data', floor.data, ...file]);
      return floor;
    } catch (error) {
      await floor.close();
      throw error;
    }
  }

  async #serve(file) {
    const args = ['serve', '--listen', '127.0.0.1:0', '--floor', file, '--data', this.data];
    this.switch = spawn(program('dealerboard-switch'), args, { stdio: ['ignore', 'pipe', 'ignore'] });
    let said = '';
    this.switch.stdout.on('data', (bytes) => { said += bytes; });
    await until('the switch listens', () => {
      this.address = /wss:\/\/[\w.:]+\d/.exec(said)?.[0];
      this.pin = /sha256:[0-9a-f]{64}/.exec(said)?.[0];
      return this.address && this.pin;
    });
    this.origin = this.address.replace('wss://', 'https://');
  }

  /** Starts the turret of `user`; `mics` says what its positions hear: `{ left: FILE }`. Waits until voice flows. */
  async turret(user, mics = {}) {
    const args = ['--switch', this.address, '--pin', this.pin, '--user', user, '--password-file', this.passwordFile];
    for (const [position, file] of Object.entries(mics)) args.push('--mic', `${position}=${file}`);
    const turret = new Turret(spawn(program('dealerboard-turret'), args, { stdio: ['pipe', 'pipe', 'ignore'] }));
    this.turrets.push(turret);
    await turret.until(`${user} is logged on and voice flows`, ({ header }) => header.link.state === 'up' && header.link.voice);
    return turret;
  }

  async close() {
    for (const { child } of this.turrets) await end(child);
    if (this.switch) await end(this.switch);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A turret without a window. */
class Turret {
  #view = null;

  constructor(child) {
    this.child = child;
    createInterface({ input: child.stdout }).on('line', (line) => this.#apply(JSON.parse(line)));
  }

  #apply({ change, value }) {
    const put = (list, same) => [...list.filter((one) => !same(one)), value];
    if (change === 'view') this.#view = value;
    else if (!this.#view) return;
    else if (change === 'header') this.#view.header = value;
    else if (change === 'key') this.#view.keys = put(this.#view.keys, (key) => key.line === value.line);
    else if (change === 'position') this.#view.positions = put(this.#view.positions, (one) => one.position === value.position);
  }

  /** Waits until what it shows satisfies `wanted`. */
  until(what, wanted) {
    return until(what, () => this.#view && wanted(this.#view));
  }

  /** Waits until the key of `line` has one of these lamps, and gives the key. */
  lamp(line, ...lamps) {
    return this.until(`${line} shows ${lamps.join(' or ')}`, ({ keys }) => keys.find((key) => key.line === line && lamps.includes(key.lamp)));
  }

  /** Does what its user does. */
  act(intent) {
    this.child.stdin.write(`${JSON.stringify(intent)}\n`);
  }

  /** Presses the key of a line as it shows now. */
  press({ line, call = null }) {
    this.act({ intent: 'press', line, call, position: null });
  }
}
