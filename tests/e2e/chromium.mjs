// Headless Chromium with the switches that a closed network, a fake microphone and a self-signed certificate need.
import { chromium } from 'playwright-core';

const executablePath = process.env.DEALERBOARD_CHROMIUM ?? '/usr/bin/chromium';

/** Starts Chromium; `microphone` is a WAV file that it hears over and over. */
export function launch({ microphone } = {}) {
  const args = [
    '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--autoplay-policy=no-user-gesture-required',
    // A page that a test serves itself counts as foreign to this machine: without the last three it may not speak to loopback.
    '--disable-features=WebRtcHideLocalIpsWithMdns,LocalNetworkAccessChecks,LocalNetworkAccessChecksWebSockets,LocalNetworkAccessChecksWebRTC',
    '--use-fake-ui-for-media-stream',
    '--use-fake-device-for-media-stream', '--allow-loopback-in-peer-connection',
  ];
  if (microphone) args.push(`--use-file-for-fake-audio-capture=${microphone}`);
  return chromium.launch({ executablePath, headless: true, args });
}
