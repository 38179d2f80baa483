// What the sample floor's switch has recorded and sealed.
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fromPcm, RATE_HZ } from './speech.mjs';

/** The sound of the sealed segments of one talker on one line, by the words in their comments. */
export function sealed(panel, talker, line) {
  const folder = join(panel.opened.folder, 'data/sample-floor/recordings/segments');
  const files = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('.opus')).map((name) => join(folder, name));
  const named = (file) => {
    const comments = execFileSync('opusinfo', [file], { encoding: 'utf8' });
    return comments.includes(`TALKER=${talker}\n`) && comments.includes(`LINE=${line}\n`);
  };
  const decoded = ['-f', 's16le', '-ar', String(RATE_HZ), '-ac', '1', '-'];
  return files.filter(named).map((file) => fromPcm(execFileSync('ffmpeg', ['-v', 'error', '-i', file, ...decoded], { maxBuffer: 1 << 28 })));
}
