// A Chromium page as a turret: it logs on, offers its microphone and eight ears, talks on a hoot and records what it
// hears. Usage: chromium-peer.mjs wss://HOST:PORT USER PASSWORD-FILE LINE MICROPHONE.wav HEARD.wav SECONDS
// Prints one JSON object a line: {"ready":true}, then at the end {"csrcs":[[line, talker], …], "packetsReceived":n}.
import { readFileSync, writeFileSync } from 'node:fs';
import { launch } from './chromium.mjs';

const [address, user, passwordFile, line, microphone, heardFile, seconds] = process.argv.slice(2);
const password = readFileSync(passwordFile, 'utf8').trim();
const browser = await launch({ microphone });
try {
  const context = await browser.newContext({ permissions: ['microphone'], ignoreHTTPSErrors: true });
  const page = await context.newPage();
  page.on('console', (message) => console.error('page:', message.text()));
  const origin = address.replace('wss://', 'https://');
  // The page must be of the switch's own origin: it is empty and served by nobody else.
  await page.route(`${origin}/peer`, (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html>' }));
  await page.goto(`${origin}/peer`);
  await page.evaluate(logOnAndTalk, { address, user, password, line });
  console.log(JSON.stringify({ ready: true }));
  const heard = await page.evaluate(listen, { seconds: Number(seconds) });
  writeFileSync(heardFile, wav(heard.samples, heard.rateHz));
  console.log(JSON.stringify({ csrcs: heard.csrcs, packetsReceived: heard.packetsReceived }));
} finally {
  await browser.close();
}

/** Runs in the page: the control protocol and one negotiation. */
async function logOnAndTalk({ address, user, password, line }) {
  const socket = new WebSocket(`${address.replace(/\/$/, '')}/control`, 'dealerboard.v1');
  const waiting = [];
  const backlog = [];
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(data);
    const at = waiting.findIndex(({ type }) => type === message.type);
    if (at < 0) backlog.push(message);
    else waiting.splice(at, 1)[0].resolve(message);
  };
  socket.onclose = (event) => console.log(`closed ${event.code} ${event.reason}`);
  const receive = (type) => {
    const at = backlog.findIndex((message) => message.type === type);
    if (at >= 0) return Promise.resolve(backlog.splice(at, 1)[0]);
    return new Promise((resolve) => waiting.push({ type, resolve }));
  };
  const send = (message) => socket.send(JSON.stringify(message));
  await new Promise((resolve, reject) => { socket.onopen = resolve; socket.onerror = reject; });
  const credentials = { by: 'password', user, password };
  send({ type: 'hello', protocol: 1, client: 'chromium peer', seat: 'browser', credentials, resume: null });
  await receive('welcome');
  let beat = 0;
  setInterval(() => send({ type: 'heartbeat', n: ++beat }), 1000);

  const peer = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
  const processing = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  const stream = await navigator.mediaDevices.getUserMedia({ audio: processing });
  const [track] = stream.getAudioTracks();
  // The order of the uplinks is left, right, mic; a talk key of the speakers opens the mic.
  for (const uplink of ['left', 'right', 'mic']) {
    const copy = track.clone();
    copy.enabled = uplink === 'mic';
    peer.addTransceiver(copy, { direction: 'sendonly', streams: [stream] });
  }
  for (let ear = 0; ear < 8; ear += 1) peer.addTransceiver('audio', { direction: 'recvonly' });
  window.peer = peer;
  window.ears = [];
  peer.ontrack = ({ track: ear }) => window.ears.push(ear);
  await peer.setLocalDescription(await peer.createOffer());
  await new Promise((resolve) => {
    if (peer.iceGatheringState === 'complete') resolve();
    peer.onicegatheringstatechange = () => peer.iceGatheringState === 'complete' && resolve();
  });
  send({ type: 'offer', sdp: peer.localDescription.sdp });
  const answer = await receive('sdp_answer');
  if (answer.error) throw new Error(answer.error);
  await peer.setRemoteDescription({ type: 'answer', sdp: answer.sdp });
  await new Promise((resolve, reject) => {
    peer.onconnectionstatechange = () => {
      if (peer.connectionState === 'connected') resolve();
      if (peer.connectionState === 'failed') reject(new Error('no voice path to the switch'));
    };
  });
  send({ type: 'command', id: crypto.randomUUID(), act: { act: 'talk', line, on: true, latched: true } });
  const { result } = await receive('answer');
  if (result.outcome !== 'done') throw new Error(JSON.stringify(result));
}

/** Runs in the page: mixes all ears and keeps their samples. */
async function listen({ seconds }) {
  const audio = new AudioContext({ sampleRate: 48000 });
  const source = `registerProcessor('keep', class extends AudioWorkletProcessor {
    process([input]) { if (input[0]) this.port.postMessage(input[0].slice()); return true; } });`;
  await audio.audioWorklet.addModule(URL.createObjectURL(new Blob([source], { type: 'text/javascript' })));
  const keep = new AudioWorkletNode(audio, 'keep', { channelCount: 1, channelCountMode: 'explicit' });
  const samples = [];
  keep.port.onmessage = ({ data }) => samples.push(...data);
  for (const ear of window.ears) {
    const stream = new MediaStream([ear]);
    // Chromium decodes a remote stream only while an element plays it.
    const element = new Audio();
    element.muted = true;
    element.srcObject = stream;
    element.play();
    audio.createMediaStreamSource(stream).connect(keep);
  }
  keep.connect(audio.destination);
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const csrcs = window.peer.getReceivers().map((r) => r.getContributingSources().map(({ source }) => source));
  let packetsReceived = 0;
  (await window.peer.getStats()).forEach((s) => { if (s.type === 'inbound-rtp') packetsReceived += s.packetsReceived; });
  return { samples, rateHz: audio.sampleRate, csrcs: csrcs.filter((list) => list.length), packetsReceived };
}

/** A 16-bit mono WAV file. */
function wav(samples, rateHz) {
  const out = Buffer.alloc(44 + samples.length * 2);
  out.write('RIFF', 0);
  out.writeUInt32LE(36 + samples.length * 2, 4);
  out.write('WAVEfmt ', 8);
  out.writeUInt32LE(16, 16);
  out.writeUInt16LE(1, 20);
  out.writeUInt16LE(1, 22);
  out.writeUInt32LE(rateHz, 24);
  out.writeUInt32LE(rateHz * 2, 28);
  out.writeUInt16LE(2, 32);
  out.writeUInt16LE(16, 34);
  out.write('data', 36);
  out.writeUInt32LE(samples.length * 2, 40);
  samples.forEach((sample, i) => out.writeInt16LE(Math.round(Math.max(-1, Math.min(1, sample)) * 32767), 44 + i * 2));
  return out;
}
