// How many pages and channels a window shows. A page is a place: 6 × 7 keys, always; a bigger window shows more pages side
// by side, then more channels per row. All sizes in rem-pixels: CSS pixels at a root of 16.

/** What fits. */
export interface Geometry {
  across: number;
  down: number;
  perRow: number;
  rows: number;
  fixed: number;
  /** Room beside the page for a docked panel. */
  dock: boolean;
}

const KEY_WIDE = 136;
const KEY_HIGH = 50;
const KEY_WIDEST = 184;
const DOCK = 216;

/** The geometry of a window of `width` × `height` CSS pixels with the root at `root_px`. */
export function geometry(width: number, height: number, root_px: number): Geometry {
  const w = (width * 16) / root_px;
  const h = (height * 16) / root_px;
  const column = w >= 2200 || (root_px > 16 && w >= 1900) ? 272 : w >= 1600 ? 232 : 200;
  const centre = w - 2 * column - 32;
  const rows = h < 780 ? 1 : 2;
  const keys = h - 48 - 24 - 40 - rows * 113 - 108;
  const across = Math.max(1, Math.floor((centre + 14) / (6 * KEY_WIDE + 20 + 14)));
  const down = Math.max(1, Math.floor((keys + 10) / (26 + 7 * KEY_HIGH + 24 + 10)));
  const fits = Math.floor((w - 12) / 154);
  const dock = across === 1 && centre - (6 * KEY_WIDEST + 20) >= DOCK;
  return { across, down, perRow: fits >= 16 ? 16 : fits >= 12 ? 12 : 8, rows, fixed: across > 1 ? 12 : 6, dock };
}
