// The way in: what a turret tells in one event is heard change by change, in its order.
import { afterEach, expect, test } from 'vitest';
import type { Change } from '../src/generated/Change';
import { tauriTransport } from '../src/panel/transport';
import { fixture } from './fixture';

afterEach(() => { delete window.__TAURI__; });

test('every change of one event is heard, after the whole view', async () => {
  const told: ((event: { payload: Change[] }) => void)[] = [];
  window.__TAURI__ = {
    core: { invoke: async <T>() => fixture as T },
    event: { listen: async (_name, heard) => { told.push(heard as (typeof told)[number]); return () => {}; } },
    webviewWindow: { getCurrentWebviewWindow: () => ({ label: 'turret-1' }) },
  };
  const heard: Change[] = [];
  await tauriTransport().listen((change) => heard.push(change));
  const changes: Change[] = [{ change: 'key_gone', value: 'norrbank' }, { change: 'incoming', value: [] }];
  told.forEach((tell) => tell({ payload: changes }));
  expect(heard).toEqual([{ change: 'view', value: fixture }, ...changes]);
});
