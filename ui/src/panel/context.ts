// How the components reach the store and the clock without passing them through every level.
import { getContext, setContext } from 'svelte';
import type { Clock } from './clock.svelte';
import type { PanelStore } from './store.svelte';

const KEY = Symbol('panel');

/** What every component of the panel may use. */
export interface PanelContext {
  store: PanelStore;
  clock: Clock;
}

/** Gives the store and the clock to everything below. */
export function providePanel(context: PanelContext): void {
  setContext(KEY, context);
}

/** The store and the clock. */
export function panel(): PanelContext {
  return getContext<PanelContext>(KEY);
}
