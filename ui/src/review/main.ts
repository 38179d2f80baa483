// Starts the review page.
import '../look/fonts';
import '../look/tokens.css';
import '../look/base.css';
import { mount } from 'svelte';
import { applyTheme } from '../look/theme';
import Review from './Review.svelte';

applyTheme(location.search);
mount(Review, { target: document.getElementById('app')! });
