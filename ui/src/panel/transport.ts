// The one way in and out of the window: changes of the view come as Tauri events, intents go as a Tauri command.
// The bundle holds no other source of truth; tests give the store their own changes.
import type { Change } from '../generated/Change';
import type { Intent } from '../generated/Intent';
import type { View } from '../generated/View';
import type { Theme } from '../look/theme';

interface TauriGlobal {
  core: { invoke<T>(command: string, args?: Record<string, unknown>): Promise<T> };
  event: { listen<T>(name: string, heard: (event: { payload: T }) => void, options?: { target: string }): Promise<() => void> };
  webviewWindow: { getCurrentWebviewWindow(): { label: string } };
}

declare global {
  interface Window {
    __TAURI__?: TauriGlobal;
  }
}

/** Carries changes in and intents out. */
export interface Transport {
  /** Calls back with every change, the whole view first. */
  listen(heard: (change: Change) => void): Promise<void>;
  /** Sends one intent. What comes of it arrives as changes. */
  send(intent: Intent): void;
  /** Says in which theme the page is drawn: the system draws its lists in the same. */
  takeTheme(theme: Theme): void;
  /** Opens the review page in a window of its own. */
  openReview(): void;
}

/** The transport of the window; fails in one sentence where there is no turret behind the page. */
export function tauriTransport(): Transport {
  const tauri = window.__TAURI__;
  if (!tauri) throw new Error('This page is the panel of a turret. Start Dealerboard to use it.');
  return {
    async listen(heard) {
      // Without a target a window would hear the turrets of other windows too.
      const target = tauri.webviewWindow.getCurrentWebviewWindow().label;
      await tauri.event.listen<Change[]>('changes', (event) => event.payload.forEach(heard), { target });
      heard({ change: 'view', value: await tauri.core.invoke<View>('look') });
    },
    send: (intent) => void tauri.core.invoke('intent', { intent }),
    takeTheme: (theme) => void tauri.core.invoke('take_theme', { dark: theme === 'dark' }),
    openReview: () => void tauri.core.invoke('open_review'),
  };
}
