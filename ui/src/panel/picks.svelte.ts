// Lines that are picked on the spot for one talk key: channels, and keys by a right click or `I`. Law: while such a key is down, what is picked is what hears it, and a pick
// adds or drops that line alone.
import { SvelteSet } from 'svelte/reactivity';
import type { ChannelGroupView } from '../generated/ChannelGroupView';
import type { PanelStore } from './store.svelte';

/** Lines of one talk key at most. */
export const PICKS_MAX = 10;

export class Picks {
  /** The channels offer to be picked. */
  on = $state(false);
  #picked = new SvelteSet<string>();

  constructor(private readonly store: PanelStore) {}

  /** The key of several lines that is down, whichever it is. */
  get live(): ChannelGroupView | undefined {
    return this.store.channelGroups.find((group) => group.talk === 'open' || group.talk === 'latched' || group.talk === 'closing');
  }

  /** What was picked, in the order in which it was. */
  get lines(): string[] {
    return [...this.#picked];
  }

  /** The line is picked, or hears the key that is down. */
  has(line: string): boolean {
    return this.live ? this.live.hear.includes(line) : this.#picked.has(line);
  }

  /** Picks a line, or no longer; while a key is down it is added or dropped. */
  toggle(line: string): void {
    if (this.live) return this.store.send({ intent: 'broadcast_line', line, on: !this.has(line) });
    if (this.#picked.delete(line)) return;
    if (this.#picked.size < PICKS_MAX) this.#picked.add(line);
    else this.store.message = { line, what: `One talk key has ${PICKS_MAX} lines at most.`, then: 'Take another one out first.', refused: true };
  }

  /** Begins to pick, or ends it and forgets what was picked. */
  press(): void {
    this.on = !this.on;
    if (!this.on) this.#picked.clear();
  }

  /** Whoever uses the window now has picked nothing. */
  forget(): void {
    this.on = false;
    this.#picked.clear();
  }
}
