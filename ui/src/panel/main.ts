// Starts the panel: look, clock, transport, store.
import '../look/fonts';
import '../look/tokens.css';
import '../look/base.css';
import { mount } from 'svelte';
import { shareFlashClock } from '../look/flash';
import { applyTheme, themeOf } from '../look/theme';
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
const takeTheme = () => transport.takeTheme(themeOf());
new MutationObserver(takeTheme).observe(document.documentElement, { attributeFilter: ['data-theme'] });
takeTheme();
void transport.listen((change) => store.apply(change));
