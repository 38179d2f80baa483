// Dark or light, and whether lamps stand still. `?theme=dark|light` wins over the system, `?still` stops flashing.

/** Sets theme and stillness on the root element from an address's query, and follows the system while none is given. */
export function applyTheme(query: string, root: HTMLElement = document.documentElement): void {
  const wish = new URLSearchParams(query);
  const system = window.matchMedia?.('(prefers-color-scheme: light)');
  const named = wish.get('theme');
  const paint = () => {
    root.dataset.theme = named === 'light' || named === 'dark' ? named : system?.matches ? 'light' : 'dark';
  };
  paint();
  system?.addEventListener('change', paint);
  root.classList.toggle('still', wish.has('still'));
}
