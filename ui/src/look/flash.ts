// One flash clock for the window: every lamp that starts to blink is moved to the same origin, so that all lamps of a
// kind are lit in the same frame. No timer per key.

/** Aligns each animation that starts below `root` to the document's own time line. */
export function shareFlashClock(root: Document = document): void {
  root.addEventListener('animationstart', (event) => {
    if (!(event.target instanceof Element) || document.documentElement.classList.contains('still')) return;
    for (const animation of event.target.getAnimations({ subtree: true })) animation.startTime = 0;
  });
}
