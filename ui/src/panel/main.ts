// Starts the panel: look, clock, transport, store.
import '../look/fonts';
import '../look/tokens.css';
import '../look/base.css';
import { mount } from 'svelte';
import { shareFlashClock } from '../look/flash';
import { applyTheme } from '../look/theme';
import { Clock } from './clock.svelte';
import Panel from './Panel.svelte';
import { PanelStore } from './store.svelte';
import { tauriTransport } from './transport';

applyTheme(location.search);
shareFlashClock();
const transport = tauriTransport();
const store = new PanelStore(transport);
const clock = new Clock();
mount(Panel, { target: document.getElementById('app')!, props: { store, clock } });
clock.run();
void transport.listen((change) => store.apply(change));
