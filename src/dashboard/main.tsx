import { render } from 'preact';
import { restoreKey } from './api/key.js';
import { App } from './app.js';

restoreKey();
const root = document.getElementById('app');
if (root) render(<App />, root);
