// What the panel draws. It applies the turret's changes and keeps no call state of its own; what is kept beside them
// belongs to this window alone: the page on show, the key last pressed, the message at it.
import type { Change } from '../generated/Change';
import type { ChannelGroupView } from '../generated/ChannelGroupView';
import type { ChannelView } from '../generated/ChannelView';
import type { DevicesView } from '../generated/DevicesView';
import type { GroupView } from '../generated/GroupView';
import type { Header } from '../generated/Header';
import type { HistoryView } from '../generated/HistoryView';
import type { IncomingView } from '../generated/IncomingView';
import type { Intent } from '../generated/Intent';
import type { KeyView } from '../generated/KeyView';
import type { ListenersView } from '../generated/ListenersView';
import type { NoticeView } from '../generated/NoticeView';
import type { PageView } from '../generated/PageView';
import type { PersonView } from '../generated/PersonView';
import type { Position } from '../generated/Position';
import type { PositionView } from '../generated/PositionView';
import type { View } from '../generated/View';
import { isOpen } from './lamps';
import { Picks } from './picks.svelte';
import { SETTLE_MS } from './strays';
import type { Transport } from './transport';

const ACTIVITY_LIMIT = 50;
const NO_SOUND_DBFS = -100;
/** How long the switch may take to answer a hold or a release. */
const LEFT_MS = 3_000;
/** How often it is told that somebody is here: much more often than the shortest time after which a turret locks itself. */
const HERE_MS = 20_000;

/** A message shown at a key: of the turret, or of this window. */
export interface Message {
  line: string | null;
  what: string;
  then: string;
  refused: boolean;
}

/** What happened, then what to do: a notice's first sentence and the rest. An initial ends no sentence. */
export function splitSentence(sentence: string): { what: string; then: string } {
  const at = sentence.search(/(?<!\b\p{Lu})[.:;] /u);
  if (at < 0) return { what: sentence, then: '' };
  const then = sentence.slice(at + 2);
  return { what: sentence.slice(0, at + 1).replace(/[:;]$/, '.'), then: then.charAt(0).toUpperCase() + then.slice(1) };
}

export class PanelStore {
  header = $state<Header | null>(null);
  pages = $state<PageView[]>([]);
  keys = $state<Record<string, KeyView>>({});
  positions = $state<PositionView[]>([]);
  channels = $state<ChannelView[]>([]);
  channelGroups = $state<ChannelGroupView[]>([]);
  people = $state<PersonView[]>([]);
  groups = $state<GroupView[]>([]);
  incoming = $state<IncomingView[]>([]);
  activity = $state<NoticeView[]>([]);
  /** The calls of this user, once they were asked for. */
  history = $state.raw<HistoryView | null>(null);
  /** How many notices this window has not shown yet. */
  unseen = $state(0);
  /** Levels of microphones, in dBFS: left, right, hands-free. */
  mics = $state.raw<readonly number[]>([NO_SOUND_DBFS, NO_SOUND_DBFS, NO_SOUND_DBFS]);
  /** Levels of what each line plays here, in dBFS. */
  lines = $state.raw<ReadonlyMap<string, number>>(new Map());
  /** The devices there are and those that were chosen, once they were asked for. */
  devices = $state.raw<DevicesView | null>(null);
  /** Who hears the hoot whose card is on show, as the switch told last. */
  listeners = $state.raw<ListenersView | null>(null);
  /** The message at a key. */
  message = $state.raw<Message | null>(null);
  /** The first page on show. */
  page = $state(0);
  /** What the queue shows. */
  tab = $state<'incoming' | 'activity' | 'history'>('incoming');
  /** The dialog on show. */
  dialog = $state<null | 'shortcuts' | 'log_off' | 'devices' | 'card' | 'join' | 'transfer' | 'dial' | 'divert' | 'move' | 'listeners'>(null);
  /** The position whose conference is on show, or whose call is sent on. */
  joining = $state<Position>('left');
  /** The line that is moved. */
  moving = $state('');
  /** Where calls go: of which line; none: of one's own extension. */
  diverting = $state<string | null>(null);
  /** The line whose card is on show. */
  card = $state<string | null>(null);
  /** Lines that are picked on the spot for one talk key. */
  readonly picks = new Picks(this);
  /** The element that was pressed last: messages point at it. */
  pressed: Element | null = null;

  #transport: Transport;
  /** When it was told last that somebody is here, by the window's clock. */
  #here_ms = performance.now();
  /** When a ringing line came to a place that another one had, by the window's clock. */
  #moved_ms = new Map<string, number>();
  /** When this user muted a position, by the window's clock. */
  #muted_ms = new Map<Position, number>();
  /** When this user put the call of a position on hold or released it, by the window's clock. */
  #left_ms = new Map<Position, number>();

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Sends an intent; the message of the press before goes. */
  send(intent: Intent): void {
    this.message = null;
    if (intent.intent === 'hold' || intent.intent === 'release') this.#left_ms.set(intent.position, performance.now());
    this.#transport.send(intent);
  }

  /** Somebody is at the panel, and presses nothing: it does not lock itself. */
  stillHere(): void {
    const now_ms = performance.now();
    if (now_ms - this.#here_ms < HERE_MS) return;
    this.#here_ms = now_ms;
    this.#transport.send({ intent: 'still_here' });
  }

  /** Shows what else can be done with a line. */
  openCard(key: KeyView): void {
    [this.card, this.dialog] = [key.line, 'card'];
  }

  /** Shows who can hear me on a hoot. */
  openListeners(line: string): void {
    [this.card, this.dialog, this.listeners] = [line, 'listeners', null];
  }

  /** Asks who hears a hoot; no message goes for it. */
  askWhoHears(line: string): void {
    if (!this.stale) this.#transport.send({ intent: 'who_hears', line });
  }

  /** Shows what can be joined with the call of a position, and what is. */
  openJoin(position: Position): void {
    [this.joining, this.dialog] = [position, 'join'];
  }

  /** Asks whom the call of a position is sent on to. */
  openTransfer(position: Position): void {
    [this.joining, this.dialog] = [position, 'transfer'];
  }

  /** Asks where the call on a line goes. */
  openMove(line: string): void {
    [this.moving, this.dialog] = [line, 'move'];
  }

  /** Asks where calls of a line go, or of one's own extension. */
  openDivert(line: string | null): void {
    [this.diverting, this.dialog] = [line, 'divert'];
  }

  /** Opens the review page. */
  openReview(): void {
    this.#transport.openReview();
  }

  /** Asks which devices there are; no message goes for it. */
  lookForDevices(): void {
    this.#transport.send({ intent: 'devices' });
  }

  /** Asks for the history, which is seen then; no message goes for it. */
  lookAtHistory(): void {
    this.history ??= { rows: [], more: false };
    this.#transport.send({ intent: 'history', older: false });
  }

  /** Somebody is logged on at this window. */
  get loggedOn(): boolean {
    return this.header !== null && this.header.user_id !== null;
  }

  /** Its user has left this turret: lamps without names, and only what lets go works. */
  get locked(): boolean {
    return this.loggedOn && this.header?.lock != null;
  }

  /** Nothing shown is known to be true. */
  get stale(): boolean {
    return this.header?.link.state !== 'up';
  }

  /** The view of one position. */
  position(which: Position): PositionView | undefined {
    return this.positions.find((position) => position.position === which);
  }

  /** Why the talk key of several lines that is down leaves a line out. */
  leftOut(line: string): string | undefined {
    return this.channelGroups.flatMap((group) => group.left_out).find((one) => one.line === line)?.sentence;
  }

  /** The lines that this turret holds, the last held first. */
  get heldHere(): KeyView[] {
    return Object.values(this.keys)
      .filter((key) => key.lamp === 'held_here')
      .sort((a, b) => (b.timer_utc_ms ?? 0) - (a.timer_utc_ms ?? 0));
  }

  /** The names of the calls that are mine: on my positions, and on hold by me. */
  get callsHere(): string[] {
    // Who listens to a hoot is in no call.
    const call = (at: PositionView) => at.line !== null && !isOpen(this.keys[at.line]?.kind ?? 'ard');
    return [...this.positions.filter(call).map((at) => at.name), ...this.heldHere.map((key) => key.name)];
  }

  /** Presses a line's key as it is shown. */
  press(key: KeyView, position: Position | null = null): void {
    this.send({ intent: 'press', line: key.line, call: key.call, lamp: key.lamp, position });
  }

  /** Mutes a position, or opens it again. A double press mutes: it does not open what its first press shut. */
  toggleMute(at: PositionView): void {
    const now_ms = performance.now();
    if (at.muted && now_ms - (this.#muted_ms.get(at.position) ?? -Infinity) < SETTLE_MS) return;
    if (!at.muted) this.#muted_ms.set(at.position, now_ms);
    this.send({ intent: 'mute', position: at.position, on: !at.muted });
  }

  /** Answers one of the lines shown in the incoming list; not one that has just taken the place of another. */
  answer(row: IncomingView | undefined, position: Position | null = null): void {
    if (row === undefined || row.call === null || this.justCame(this.#moved_ms.get(row.line), row.line)) return;
    this.send({ intent: 'answer_next', line: row.line, call: row.call, position });
  }

  /** This user has just ended or held the call of a position: what that position offers now is no surprise. */
  leftByMe(position: Position): boolean {
    return performance.now() - (this.#left_ms.get(position) ?? -Infinity) < LEFT_MS;
  }

  /** Tells the user that a press was not taken, and why. */
  strayed(line: string | null): void {
    this.message = { line, what: 'This has just come here.', then: 'Press again if you mean it.', refused: true };
  }

  /** A press on what came to its place at `since_ms` belongs to what was there before: true then, and the user is told. */
  justCame(since_ms: number | undefined, line: string): boolean {
    if (since_ms === undefined || performance.now() - since_ms >= SETTLE_MS) return false;
    this.strayed(line);
    return true;
  }

  /** Applies one change of the view. */
  apply(change: Change): void {
    switch (change.change) {
      case 'view': return this.#all(change.value);
      case 'header': return this.#head(change.value);
      case 'pages': this.pages = change.value; return;
      case 'key': this.keys[change.value.line] = change.value; return;
      case 'key_gone': delete this.keys[change.value]; return;
      case 'position': replace(this.positions, change.value, (p) => p.position); return;
      case 'channels': this.channels = change.value; return;
      case 'channel': replace(this.channels, change.value, (c) => c.number); return;
      case 'channel_groups': this.channelGroups = change.value; return;
      case 'groups': this.groups = change.value; return;
      case 'people': this.people = change.value; return;
      case 'person': replace(this.people, change.value, (p) => p.user); return;
      case 'incoming': return this.#ring(change.value);
      case 'notice': return this.#notice(change.value);
      case 'history': this.history = change.value; return;
      case 'history_entry':
        if (this.history) this.history = { ...this.history, rows: [change.value, ...this.history.rows.filter((row) => row.n !== change.value.n)] };
        return;
      case 'devices': this.devices = change.value; return;
      case 'listeners': this.listeners = change.value; return;
      case 'meters':
        this.mics = change.value.mics_dbfs;
        this.lines = new Map(change.value.lines_dbfs);
        return;
    }
  }

  /** What this window keeps for itself belongs to who is logged on, and is there. */
  #head(header: Header): void {
    const locks = header.lock != null && !this.locked;
    if (locks) [this.card, this.message, this.listeners] = [null, null, null];
    if (locks || header.user_id !== this.header?.user_id) {
      [this.dialog, this.unseen, this.history, this.tab] = [null, 0, null, 'incoming'];
      this.picks.forget();
    }
    this.header = header;
  }

  #all(view: View): void {
    this.#head(view.header);
    this.pages = view.pages;
    this.keys = Object.fromEntries(view.keys.map((key) => [key.line, key]));
    this.positions = view.positions;
    this.channels = view.channels;
    this.channelGroups = view.channel_groups;
    this.people = view.people;
    this.groups = view.groups;
    this.incoming = view.incoming;
    this.activity = view.activity;
  }

  #ring(rows: IncomingView[]): void {
    const now_ms = performance.now();
    const stood = this.incoming.map((row) => row.line);
    const moved = rows.filter((row, at) => stood[at] !== undefined && stood[at] !== row.line);
    for (const line of this.#moved_ms.keys()) if (!rows.some((row) => row.line === line)) this.#moved_ms.delete(line);
    for (const row of moved) this.#moved_ms.set(row.line, now_ms);
    this.incoming = rows;
  }

  #notice(notice: NoticeView): void {
    this.activity = [notice, ...this.activity.filter((row) => row.n !== notice.n)].slice(0, ACTIVITY_LIMIT);
    if (!notice.refused) this.unseen += 1;
    this.message = { line: notice.line, ...splitSentence(notice.sentence), refused: notice.refused };
  }
}

function replace<T>(list: T[], value: T, id: (item: T) => unknown): void {
  const at = list.findIndex((item) => id(item) === id(value));
  if (at >= 0) list[at] = value;
  else list.push(value);
}
