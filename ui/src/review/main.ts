// Starts the review page.
import '../look/fonts';
import '../look/tokens.css';
import '../look/base.css';
import { mount } from 'svelte';
import { applyTheme } from '../look/theme';
import Review from './Review.svelte';

applyTheme(location.search);
mount(Review, { target: document.getElementById('app')! });
// A browser sets its players up when it is first asked about sound, which takes half a second in some: not when somebody presses Play. Nothing is fetched.
window.setTimeout(() => new Audio().canPlayType('audio/ogg; codecs=opus'));
