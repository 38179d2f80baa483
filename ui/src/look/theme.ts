// Dark, or light for whoever chooses it here; the choice is kept on this machine. `?theme=dark|light` wins over it, `?still` stops
// flashing.

export type Theme = 'dark' | 'light';

const KEPT = 'dealerboard-theme';

/** The theme that is drawn. */
export const themeOf = (root: HTMLElement = document.documentElement): Theme => (root.dataset.theme === 'light' ? 'light' : 'dark');

/** Sets theme and stillness on the root element from an address's query and what was chosen before. */
export function applyTheme(query: string, root: HTMLElement = document.documentElement): void {
  const wish = new URLSearchParams(query);
  root.dataset.theme = (wish.get('theme') ?? kept()) === 'light' ? 'light' : 'dark';
  root.classList.toggle('still', wish.has('still'));
}

/** Takes the other theme, from now on and at the next start; gives which that is. */
export function turnTheme(root: HTMLElement = document.documentElement): Theme {
  const theme = themeOf(root) === 'light' ? 'dark' : 'light';
  root.dataset.theme = theme;
  try {
    localStorage.setItem(KEPT, theme);
  } catch {
    // Where nothing may be kept, the choice is for this visit.
  }
  return theme;
}

function kept(): string | null {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null;
  }
}
