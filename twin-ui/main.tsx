import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './App.tsx';
import { Session } from './data/session.ts';
import { StateStore } from './data/state.ts';
import { Player } from './playback/player.ts';
import './styles/tokens.css';
import './styles/base.css';
import './styles/frame.css';
import './styles/compare.css';
import './styles/tables.css';
import './styles/safety.css';

const session = new Session(new StateStore(), new Player());

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <App session={session} />
  </StrictMode>,
);
