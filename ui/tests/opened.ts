// A panel on show, as the tests of the window open it: at 1280 by 800, with every intent that it sends.
import { render } from '@testing-library/svelte';
import type { Intent } from '../src/generated/Intent';
import type { View } from '../src/generated/View';
import { Clock } from '../src/panel/clock.svelte';
import Panel from '../src/panel/Panel.svelte';
import { PanelStore } from '../src/panel/store.svelte';
import { fixture, NOW } from './fixture';

/** Shows a view, the fixture's if no other one is given. */
export function opened(view: View = structuredClone(fixture)): { store: PanelStore; sent: Intent[] } {
  const sent: Intent[] = [];
  const store = new PanelStore({ listen: async () => {}, send: (intent) => sent.push(intent), openReview: () => {}, takeTheme: () => {} });
  store.apply({ change: 'view', value: view });
  Object.assign(window, { innerWidth: 1280, innerHeight: 800 });
  render(Panel, { store, clock: new Clock(() => NOW) });
  return { store, sent };
}
