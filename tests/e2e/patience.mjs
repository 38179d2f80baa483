// Waiting for conditions, and processes that end with their owner. Law: nothing waits for a time; what has not come to be
// within the deadline has failed, and says what was last seen.
import { spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';

/** Longest wait for a condition, in milliseconds. */
export const DEADLINE_MS = 30_000;

/** How often a condition is looked at, in milliseconds. */
const LOOK_MS = 50;

/** Asks `probe` again and again until it gives something true, and gives that; what it throws counts as not yet. */
export async function until(what, probe, deadline_ms = DEADLINE_MS) {
  const give_up = Date.now() + deadline_ms;
  let last;
  for (;;) {
    try {
      last = await probe();
      if (last) return last;
    } catch (error) {
      last = error;
    }
    if (Date.now() > give_up) throw new Error(`waited ${deadline_ms / 1000} s in vain until ${what}; last seen: ${last}`);
    await pause(LOOK_MS);
  }
}

/** Runs a program to its end and gives what it printed; fails with its own words. */
export function run(program, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    let complaint = '';
    child.stdout.on('data', (bytes) => { said += bytes; });
    child.stderr.on('data', (bytes) => { complaint += bytes; });
    child.on('error', (error) => reject(new Error(`${program} cannot be started (${error.message}); run cargo xtask setup`)));
    child.on('close', (code) => (code === 0 ? resolve(said.trim()) : reject(new Error(`${program} ended with ${code}: ${complaint.trim()}`))));
  });
}

/** Asks a process of ours to end and waits for it; one that does not listen for five seconds is killed. */
export async function end(child, signal = 'SIGTERM') {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  const kill = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await ended;
  clearTimeout(kill);
}
